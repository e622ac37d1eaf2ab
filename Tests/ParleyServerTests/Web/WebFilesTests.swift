import Foundation
import HTTPTypes
import HummingbirdTesting
import ParleyServer
import ParleyTesting
import Testing

@testable import ParleyWeb

@Suite("The web app's files")
struct WebFilesTests {
    private static let folder = "Sources/ParleyWeb/Public"

    @Test("The binary holds exactly the files of Sources/ParleyWeb/Public, as they are there")
    func fresh() throws {
        let files = try Repository.files(in: Self.folder)
        #expect(Set(files.map(\.lastPathComponent)) == Set(WebAsset.all.keys), "List them in WebFiles.swift.")
        for file in files {
            let name = file.lastPathComponent
            let present = WebAsset(name: name, squeezing: try Repository.bytes(of: file))
            #expect(WebAsset.named(name)?.bytes == present.bytes, "\(name)")
        }
        #expect(Set(WebAsset.all.values.map(\.entityTag)).count == files.count)
    }

    @Test("A script is sent as it is written, without comments, spaces and long private names")
    func squeezed() throws {
        func essence(_ text: String) -> String {
            String(text.replacing(/#\w+/, with: "#").filter { !$0.isWhitespace })
        }
        for file in try Repository.files(in: Self.folder) where file.pathExtension == "js" {
            let name = file.lastPathComponent
            let source = String(decoding: try Repository.bytes(of: file), as: UTF8.self)
            let code = source.replacing(/\/\*\*?[ \n](?:[^*]|\*[^\/])*\*\//, with: "").lines.map {
                String($0.replacing(/^ *\/\/ .*/, with: ""))
            }
            let sent = String(decoding: try #require(WebAsset.named(name)).bytes, as: UTF8.self)
            #expect(essence(sent) == essence(code.joined()), "\(name)")
        }
    }

    @Test(
        "Of a script nothing goes that means something",
        arguments: [
            ("let a = 1 // one\n\n  b;\n c", "let a=1\nb;c"),
            ("/** two\n * more */ b\n/* c */ d /* e */ f\n  .g({\n h,\n})", "b\nd f.g({h,})"),
            ("a + +b - -c + ++d", "a+ +b- -c+ ++d"),
            ("return /a \\/ [/ ] b/g.test(c) / 2 / d", "return/a \\/ [/ ] b/g.test(c)/2/d"),
            ("x = y / 2; // \"", "x=y/2;"),
            ("f(/ a/, '/ b', \"// c \\\" d\")", "f(/ a/,'/ b',\"// c \\\" d\")"),
            ("`a  ${ b + { c: `  ${d}  ` }.c }  // e\n  \\` f` + g", "`a  ${b+{c:`  ${d}  `}.c}  // e\n  \\` f`+g"),
            (
                "async  #one() { #two in  c; this.#one = `#two ${d.#two} #one` + \"#one\" }",
                "async #a(){#b in c;this.#a=`#two ${d.#b} #one`+\"#one\"}"
            ),
            ("a\n  (b)", "a\n(b)"), ("é  of ü", "é of ü"), ("{ } / 1 /* ", "{}/1"), ("", ""),
        ]
    )
    func script(source: String, left: String) {
        #expect(String(decoding: SqueezedScript(Array(source.utf8)).bytes, as: UTF8.self) == left)
    }

    @Test(
        "Of a style sheet nothing goes that means something",
        arguments: [
            ("/* a */\n.b > .c :hover, d {\n  color: red;\n}", ".b > .c :hover,d{color:red;}"),
            ("a { width: calc(1px + 2px) } b{}", "a{width:calc(1px + 2px)}b{}"),
            ("a { b: \"c  d\"\n    \"e\"; }", "a{b:\"c  d\" \"e\";}"),
            (
                "@media (a: b) and (c) { d::before { content: \" , : \" } }",
                "@media (a:b) and (c){d::before{content:\" , : \"}}"
            ),
        ]
    )
    func style(source: String, left: String) {
        #expect(String(decoding: SqueezedStyle(Array(source.utf8)).bytes, as: UTF8.self) == left)
    }

    @Test("Each is served with its kind and an entity tag, and not again to one who has it")
    func served() async throws {
        let types = [
            "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
            "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
        ]
        try await TestParley.run { parley in
            for (name, asset) in WebAsset.all {
                let answer = try await parley.anonymous.get("/assets/\(name)")
                #expect(answer.status == .ok)
                #expect(answer.bytes == asset.bytes)
                #expect(answer.headers[.contentType] == types[String(name.split(separator: ".").last ?? "")])
                let tag = try #require(answer.headers[.eTag])
                // A proxy that compresses makes the tag a weak one; a browser may name several.
                for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                    let again = try await parley.anonymous.get("/assets/\(name)", headers: [.ifNoneMatch: known])
                    #expect(again.status == .notModified, "\(known)")
                    #expect(again.headers[.eTag] == tag)
                    #expect(again.bytes == [])
                }
                let changed = try await parley.anonymous.get("/assets/\(name)", headers: [.ifNoneMatch: "\"other\""])
                #expect(changed.status == .ok)
            }
        }
    }

    @Test(
        "Every address of the app is the page",
        arguments: ["/", "/c/018f0000-0000-7000-8000-00000000dead", "/c/x", "/help", "/operator", "/rescue"]
    )
    func page(path: String) async throws {
        try await TestParley.run { parley in
            let answer = try await parley.anonymous.get(path)
            #expect(answer.status == .ok)
            #expect(answer.headers[.contentType] == "text/html; charset=utf-8")
            #expect(answer.bytes == WebAsset.named("index.html")?.bytes)
            let head = try await parley.anonymous.call(.head, path)
            #expect(head.status == .ok)
            #expect(head.bytes == [])
        }
    }

    @Test(
        "What is no file of the app is not found, however it is written",
        arguments: [
            "nope.js", "", "..", "../openapi.yaml", "..%2fopenapi.yaml", "..%2Findex.html", "%2e%2e/index.html",
            "..%5cindex.html", "%00", "index.html%00", "%00index.html", "index.html%00.js", "INDEX.HTML",
            "./x/../index.html", "....//index.html", "%252e%252e%252findex.html", "%c0%ae%c0%ae/index.html", "%zz",
            "/etc/passwd", "%2fetc%2fpasswd", "index.html;x",
        ]
    )
    func tricks(name: String) async throws {
        try await TestParley.run(.ahc()) { parley in
            let port = try #require(parley.client.port)
            let request = "GET /assets/\(name) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let answer = try await RawConnection.answer(to: request, port: port)
            let status = answer.split(separator: " ").dropFirst().first
            #expect(status == "404" || status == "400", "\(answer.prefix(100))")
        }
    }

    @Test(
        "What every visit loads weighs less than 150 kB, so that the page is there at once on a slow line",
        arguments: ["strings.en.js", "strings.de.js"]
    )
    func weight(words: String) throws {
        // Modules that are imported later, when somebody goes where they are needed, are not among it.
        let imported = /(?:from|\bimport) ?"\.\/([a-z0-9.-]+)";/
        let linked = /(?:src|href)="\/assets\/([a-z0-9.-]+)"/
        var loaded: Set = ["index.html", words]
        var next = ["index.html"]
        while let name = next.popLast() {
            let text = String(decoding: try #require(WebAsset.named(name)).bytes, as: UTF8.self)
            let names = name == "index.html" ? text.matches(of: linked).map(\.1) : text.matches(of: imported).map(\.1)
            next += names.map(String.init).filter { loaded.insert($0).inserted }
        }
        let page = String(decoding: try #require(WebAsset.named("index.html")).bytes, as: UTF8.self)
        let modules = loaded.filter { $0.hasSuffix(".js") }.subtracting(["app.js", words])
        let named = Set(page.matches(of: /modulepreload href=\/assets\/([^>]+)>/).map { String($0.1) })
        #expect(named == modules, "scripts/web-files lists the modules of the first view in index.html.")
        #expect(loaded.isSuperset(of: ["app.js", "base.css", "workspace.js", "conversation.js", "strings.js"]))
        #expect(loaded.reduce(0) { $0 + (WebAsset.named($1)?.bytes.count ?? 0) } < 150_000)
    }

    @Test("Every file that a file names is there, and nothing is asked of another host")
    func references() throws {
        let served = /["'(](?:\/assets\/|\.\/)([A-Za-z0-9._-]+)["')]/
        let foreign = /(?:src|href)="(?:https?:)?\/\/|@import|url\("?(?:https?:)?\/\/|from\s+["']https?:/
        for (name, asset) in WebAsset.all {
            let text = String(decoding: asset.bytes, as: UTF8.self)
            for match in text.matches(of: served) {
                #expect(WebAsset.named(String(match.1)) != nil, "\(name) names \(match.1)")
            }
            #expect(text.firstMatch(of: foreign) == nil, "\(name)")
        }
    }

    @Test("From a folder, files are served as they are there now, and nothing but the app's files is")
    func folder() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "parley-assets-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("one".utf8).write(to: folder.appending(path: "app.js"))
        try await TestParley.run(assets: AssetFolder(folder.path)) { parley in
            let first = try await parley.anonymous.get("/assets/app.js")
            #expect(first.bytes == Array("one".utf8))
            #expect(first.headers[.contentType] == "text/javascript; charset=utf-8")
            try Data("another".utf8).write(to: folder.appending(path: "app.js"))
            let tag = try #require(first.headers[.eTag])
            let second = try await parley.anonymous.get("/assets/app.js", headers: [.ifNoneMatch: tag])
            #expect(second.bytes == Array("another".utf8))
            for name in ["base.css", "..%2fapp.js", "%2e%2e", "app", "APP.JS"] {
                #expect(try await parley.anonymous.get("/assets/\(name)").status == .notFound, "\(name)")
            }
        }
    }

    @Test("The page needs nothing inline, which its policy would refuse")
    func inline() throws {
        let page = String(decoding: try #require(WebAsset.named("index.html")).bytes, as: UTF8.self)
        #expect(page.firstMatch(of: /<style|\sstyle=|\son[a-z]+=|javascript:/) == nil)
        #expect(page.firstMatch(of: /<script(?![^>]*\ssrc=)/) == nil)
        #expect(page.firstMatch(of: /<script[^>]*>\s*[^<\s]/) == nil)
    }
}

extension String {
    fileprivate var lines: [Substring] { split(separator: "\n", omittingEmptySubsequences: false) }
}
