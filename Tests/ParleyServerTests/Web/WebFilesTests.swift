import Foundation
import HTTPTypes
import HummingbirdTesting
import ParleyTesting
import ParleyWeb
import Testing

@Suite("The web app's files")
struct WebFilesTests {
    private static let folder = "Sources/ParleyWeb/Public"

    @Test("The binary holds exactly the files of Sources/ParleyWeb/Public, as they are there")
    func fresh() throws {
        let files = try Repository.files(in: Self.folder)
        #expect(Set(files.map(\.lastPathComponent)) == Set(WebAsset.all.keys), "List them in WebFiles.swift.")
        for file in files {
            let asset = WebAsset.named(file.lastPathComponent)
            #expect(asset?.bytes == (try Repository.bytes(of: file)), "\(file.lastPathComponent)")
        }
        #expect(Set(WebAsset.all.values.map(\.entityTag)).count == files.count)
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

    @Test("Every address of the app is the page", arguments: ["/", "/c/018f0000-0000-7000-8000-00000000dead", "/c/x"])
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

    @Test("All files together weigh less than 150 kB, so that the page is there at once on a slow line")
    func weight() {
        #expect(WebAsset.all.values.reduce(0) { $0 + $1.bytes.count } < 150_000)
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

    @Test("The page needs nothing inline, which its policy would refuse")
    func inline() throws {
        let page = String(decoding: try #require(WebAsset.named("index.html")).bytes, as: UTF8.self)
        #expect(page.firstMatch(of: /<style|\sstyle=|\son[a-z]+=|javascript:/) == nil)
        #expect(page.firstMatch(of: /<script(?![^>]*\ssrc=)/) == nil)
        #expect(page.firstMatch(of: /<script[^>]*>\s*[^<\s]/) == nil)
    }
}
