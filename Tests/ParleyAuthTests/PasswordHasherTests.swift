import Dispatch
import NIOPosix
import ParleyCore
import Synchronization
import Testing

@testable import ParleyAuth

@Suite("Password hasher")
struct PasswordHasherTests {
    @Test("A password matches its own hash and no other password does")
    func verify() async throws {
        try await withThreadPool { pool async throws -> Void in
            let hasher = PasswordHasher(pool: pool, parameters: PasswordHasher.quick)
            let hash = try await hasher.hash("correct horse")
            #expect(try await hasher.verify("correct horse", against: hash))
            for wrong in ["correct hors", "Correct horse", "correct horse ", ""] {
                #expect(try await !hasher.verify(wrong, against: hash))
            }
        }
    }

    @Test("Every hash has its own salt and says how it was made")
    func format() async throws {
        try await withThreadPool { pool async throws -> Void in
            let hasher = PasswordHasher(pool: pool, parameters: PasswordHasher.quick)
            let hashes = [try await hasher.hash("password"), try await hasher.hash("password")]
            #expect(hashes[0] != hashes[1])
            for hash in hashes {
                let fields = hash.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
                #expect(fields[..<3] == ["", "scrypt", "ln=4,r=1,p=1"])
                #expect(fields[3].count == 22 && fields[4].count == 43)
                #expect(!fields[3].contains("=") && !fields[4].contains("="))
            }
        }
    }

    @Test("The hash is the scrypt of RFC 7914")
    func vector() async throws {
        try await withThreadPool { pool async throws -> Void in
            let hash =
                "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$"
                + "cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw"
            let hasher = PasswordHasher(pool: pool)
            #expect(try await hasher.verify("pleaseletmein", against: hash))
            #expect(try await !hasher.verify("pleaseletmeout", against: hash))
            #expect(hasher.needsRehash(hash))
        }
    }

    @Test("By default a hash costs N = 2^15, r = 8, p = 1")
    func defaults() async throws {
        try await withThreadPool { pool async throws -> Void in
            let hash = try await PasswordHasher(pool: pool).hash("password")
            #expect(hash.hasPrefix("$scrypt$ln=15,r=8,p=1$"))
        }
    }

    @Test("One password typed on two keyboards is one password")
    func normalization() async throws {
        try await withThreadPool { pool async throws -> Void in
            let hasher = PasswordHasher(pool: pool, parameters: PasswordHasher.quick)
            let hash = try await hasher.hash("pa\u{DF}w\u{F6}rd")
            #expect(try await hasher.verify("pa\u{DF}wo\u{308}rd", against: hash))
        }
    }

    @Test("Old hashes go on being checked, and are known to be old")
    func rehash() async throws {
        try await withThreadPool { pool async throws -> Void in
            let old = PasswordHasher(pool: pool, parameters: PasswordHasher.quick)
            let hash = try await old.hash("password")
            let stronger = try #require(ScryptParameters(logRounds: 5, blockSize: 1, parallelism: 1))
            let new = PasswordHasher(pool: pool, parameters: stronger)
            #expect(try await new.verify("password", against: hash))
            #expect(new.needsRehash(hash))
            #expect(!old.needsRehash(hash))
        }
    }

    @Test(
        "A string that is no hash of ours matches nothing, and stops nothing",
        arguments: [
            "", "password", "$scrypt$", "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
            "$scrypt$ln=4,r=1,p=1$c2FsdHNhbHRzYWx0$", "$scrypt$ln=4,r=1,p=1$$aGFzaGhhc2hoYXNoaGFzaGhhc2g",
            "$scrypt$ln=63,r=8,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g",
            "$scrypt$ln=20,r=16,p=16$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g",
            "$scrypt$ln=0,r=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g",
            "$scrypt$ln=-4,r=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g",
            "$scrypt$r=1,ln=4,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g",
            "$scrypt$ln=4,r=1,p=1$c2FsdHNhbHRzYWx0=$aGFzaGhhc2hoYXNoaGFzaGhhc2g",
            "$scrypt$ln=4,r=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g$",
            "x$scrypt$ln=4,r=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g",
        ]
    )
    func malformed(_ hash: String) async throws {
        try await withThreadPool { pool async throws -> Void in
            let hasher = PasswordHasher(pool: pool, parameters: PasswordHasher.quick)
            #expect(ScryptHash(hash) == nil)
            #expect(try await !hasher.verify("password", against: hash))
            #expect(hasher.needsRehash(hash))
        }
    }

    @Test("Nobody's password is never right")
    func nobody() async throws {
        try await withThreadPool { pool async throws -> Void in
            let hasher = PasswordHasher(pool: pool, parameters: PasswordHasher.quick)
            #expect(try await !hasher.verify("password", against: nil))
        }
    }
}

@Suite("Hash queue")
struct WorkQueueTests {
    @Test("What does not fit the queue is refused at once; what fits is done, in order")
    func bounded() async throws {
        try await withThreadPool(4) { pool async throws -> Void in
            let queue = WorkQueue(pool: pool, width: 1, depth: 3, refusal: "full")
            let gate = DispatchSemaphore(value: 0)
            let order = Shared<[Int]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await queue.run { gate.wait() } }
                while queue.running == 0 { await Task.yield() }
                for number in 1...3 {
                    group.addTask { try await queue.run { order.update { $0.append(number) } } }
                    while queue.waiting < number { await Task.yield() }
                }
                let error = await #expect(throws: ParleyError.self) { try await queue.run {} }
                #expect(error?.code == .unavailable)
                #expect(error?.retryAfter != nil)
                #expect(order.current == [])
                gate.signal()
                try await group.waitForAll()
            }
            #expect(order.current == [1, 2, 3])
            #expect(queue.waiting == 0 && queue.running == 0)
            #expect(try await queue.run { 42 } == 42)
        }
    }

    @Test("No more work is in the pool at once than the queue's width")
    func width() async throws {
        try await withThreadPool(4) { pool async throws -> Void in
            let queue = WorkQueue(pool: pool, width: 2, depth: 1000, refusal: "full")
            let present = Shared((now: 0, most: 0))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<200 {
                    group.addTask {
                        try await queue.run {
                            present.update { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                            _ = try ScryptHash(of: "password", parameters: PasswordHasher.quick)
                            present.update { $0.now -= 1 }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(present.current.most <= 2)
        }
    }

    @Test("Work that throws frees its place")
    func failures() async throws {
        struct Failure: Error {}
        try await withThreadPool { pool async throws -> Void in
            let queue = WorkQueue(pool: pool, width: 1, depth: 0, refusal: "full")
            for _ in 0..<10 { await #expect(throws: Failure.self) { try await queue.run { throw Failure() } } }
            #expect(queue.running == 0)
        }
    }

    @Test("Invariant 9: passwords are hashed on the thread pool and nowhere else")
    func offTheCooperativePool() async throws {
        try await withThreadPool(1) { pool async throws -> Void in
            // The pool's only thread is kept busy: whatever went on elsewhere would now be done.
            let (isBusy, busy) = AsyncStream<Void>.makeStream()
            let release = DispatchSemaphore(value: 0)
            pool.submit { _ in
                busy.finish()
                release.wait()
            }
            for await _ in isBusy {}
            let isHashed = Mutex(false)
            let hasher = PasswordHasher(pool: pool, parameters: PasswordHasher.quick)
            async let hash = {
                let hash = try await hasher.hash("password")
                isHashed.withLock { $0 = true }
                return hash
            }()
            for _ in 0..<1000 { await Task.yield() }
            #expect(isHashed.withLock { !$0 })
            release.signal()
            #expect(try await hash.hasPrefix("$scrypt$"))
        }
    }

    @Test("Once the pool is shut down, everything is refused and nobody waits for ever")
    func shutdown() async throws {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        try await pool.shutdownGracefully()
        let hasher = PasswordHasher(pool: pool, parameters: PasswordHasher.quick)
        for _ in 0..<3 {
            let error = await #expect(throws: ParleyError.self) { try await hasher.hash("password") }
            #expect(error?.code == .unavailable)
        }
    }
}
