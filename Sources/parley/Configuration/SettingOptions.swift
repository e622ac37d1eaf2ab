import ArgumentParser
import Foundation

/// The options that every command with a configuration takes: one for each key.
struct SettingOptions: ParsableArguments {
    @Option(help: "A YAML or JSON file with settings. Environment: PARLEY_CONFIG.")
    var config: String?

    @Option(help: ArgumentHelp(SettingKey.help("http.host"), valueName: "address"))
    var httpHost: String?

    @Option(help: ArgumentHelp(SettingKey.help("http.port"), valueName: "port"))
    var httpPort: String?

    @Option(help: ArgumentHelp(SettingKey.help("http.origins"), valueName: "origin,..."))
    var httpOrigins: String?

    @Option(help: ArgumentHelp(SettingKey.help("http.proxies"), valueName: "network,..."))
    var httpProxies: String?

    @Option(
        name: .customLong("http-ws-deflate"),
        help: ArgumentHelp(SettingKey.help("http.ws_deflate"), valueName: "on|off")
    )
    var httpWSDeflate: String?

    @Option(help: ArgumentHelp(SettingKey.help("http.assets"), valueName: "folder"))
    var httpAssets: String?

    @Option(help: ArgumentHelp(SettingKey.help("store"), valueName: "store"))
    var store: String?

    @Option(help: ArgumentHelp(SettingKey.help("mirror"), valueName: "store"))
    var mirror: String?

    @Option(help: ArgumentHelp(SettingKey.help("redis"), valueName: "url"))
    var redis: String?

    @Option(help: ArgumentHelp(SettingKey.help("cache.ttl"), valueName: "seconds"))
    var cacheTtl: String?

    @Option(help: ArgumentHelp(SettingKey.help("cache.limit"), valueName: "messages"))
    var cacheLimit: String?

    @Option(help: ArgumentHelp(SettingKey.help("signup"), valueName: "open|closed"))
    var signup: String?

    @Option(help: ArgumentHelp(SettingKey.help("operators"), valueName: "address,..."))
    var operators: String?

    @Option(help: ArgumentHelp(SettingKey.help("jwt.secret"), valueName: "secret"))
    var jwtSecret: String?

    @Option(help: ArgumentHelp(SettingKey.help("jwt.secrets"), valueName: "kid=secret,..."))
    var jwtSecrets: String?

    @Option(help: ArgumentHelp(SettingKey.help("jwt.jwks"), valueName: "path|url"))
    var jwtJwks: String?

    @Option(help: ArgumentHelp(SettingKey.help("jwt.issuer"), valueName: "issuer"))
    var jwtIssuer: String?

    @Option(help: ArgumentHelp(SettingKey.help("jwt.audience"), valueName: "audience"))
    var jwtAudience: String?

    @Option(help: ArgumentHelp(SettingKey.help("jwt.identity"), valueName: "email|sub"))
    var jwtIdentity: String?

    @Option(help: ArgumentHelp(SettingKey.help("model.url"), valueName: "url"))
    var modelUrl: String?

    @Option(help: ArgumentHelp(SettingKey.help("model.api_key"), valueName: "key"))
    var modelApiKey: String?

    @Option(help: ArgumentHelp(SettingKey.help("model.name"), valueName: "name"))
    var modelName: String?

    @Option(help: ArgumentHelp(SettingKey.help("model.names"), valueName: "name,..."))
    var modelNames: String?

    @Option(help: ArgumentHelp(SettingKey.help("model.titles"), valueName: "on|off"))
    var modelTitles: String?

    @Option(help: ArgumentHelp(SettingKey.help("personas"), valueName: "directory"))
    var personas: String?

    @Option(help: ArgumentHelp(SettingKey.help("model.extensions"), valueName: "on|off"))
    var modelExtensions: String?

    @Option(help: ArgumentHelp(SettingKey.help("model.filters"), valueName: "name=value|value,..."))
    var modelFilters: String?

    @Option(help: ArgumentHelp(SettingKey.help("model.first_token_timeout"), valueName: "seconds"))
    var modelFirstTokenTimeout: String?

    @Option(help: ArgumentHelp(SettingKey.help("model.timeout"), valueName: "seconds"))
    var modelTimeout: String?

    @Option(help: ArgumentHelp(SettingKey.help("limits.rates"), valueName: "on|off"))
    var limitsRates: String?

    @Option(help: ArgumentHelp(SettingKey.help("log.level"), valueName: "level"))
    var logLevel: String?

    @Option(help: ArgumentHelp(SettingKey.help("log.format"), valueName: "text|json"))
    var logFormat: String?

    @Option(help: ArgumentHelp(SettingKey.help("log.slow_statement"), valueName: "milliseconds"))
    var logSlowStatement: String?

    @Option(help: ArgumentHelp(SettingKey.help("log.slow_request"), valueName: "milliseconds"))
    var logSlowRequest: String?

    @Option(help: ArgumentHelp(SettingKey.help("metrics"), valueName: "on|off"))
    var metrics: String?

    /// The values that were given, by key.
    private var values: [String: String] {
        [
            "http.host": httpHost, "http.port": httpPort, "http.origins": httpOrigins,
            "http.proxies": httpProxies, "http.ws_deflate": httpWSDeflate,
            "http.assets": httpAssets, "store": store,
            "mirror": mirror, "redis": redis, "cache.ttl": cacheTtl, "cache.limit": cacheLimit,
            "signup": signup, "operators": operators,
            "jwt.secret": jwtSecret, "jwt.secrets": jwtSecrets, "jwt.jwks": jwtJwks,
            "jwt.issuer": jwtIssuer,
            "jwt.audience": jwtAudience, "jwt.identity": jwtIdentity, "model.url": modelUrl,
            "model.api_key": modelApiKey, "model.name": modelName, "model.names": modelNames,
            "model.extensions": modelExtensions, "model.filters": modelFilters,
            "model.first_token_timeout": modelFirstTokenTimeout, "model.timeout": modelTimeout,
            "model.titles": modelTitles, "personas": personas,
            "limits.rates": limitsRates,
            "log.level": logLevel, "log.format": logFormat, "log.slow_request": logSlowRequest,
            "log.slow_statement": logSlowStatement,
            "metrics": metrics,
        ].compactMapValues { $0 }
    }

    /// Every key's value as text, and the problems found on the way.
    func read(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async -> (values: [String: String], problems: [SettingProblem]) {
        let file = config ?? environment["PARLEY_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        return await SettingsSource(options: values, environment: environment, file: file).read()
    }

    /// The checked configuration.
    func settings() async throws -> Settings {
        let (values, problems) = await read()
        do {
            let settings = try Settings(values: values)
            if problems.isEmpty { return settings }
        } catch {
            throw InvalidSettings(problems: problems + error.problems)
        }
        throw InvalidSettings(problems: problems)
    }
}

extension SettingKey {
    fileprivate static func help(_ name: String) -> String {
        all.first { $0.name == name }?.help ?? ""
    }
}
