import Glibc
import ParleyTesting
import Testing

struct StartedProgramTests {
    @Test func `a program inherits no blocked signal, no file and no environment`() async throws {
        // Of this thread only, as the runtime's own are.
        var alarm = sigset_t()
        sigemptyset(&alarm)
        sigaddset(&alarm, SIGALRM)
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &alarm, &before)
        let kept = dup(0)
        let mask = Result { try StartedProgram("/bin/grep", ["SigBlk", "/proc/self/status"]) }
        // By itself, without another program: what lists a directory has it open.
        let files = Result { try StartedProgram("/bin/bash", ["-c", "cd /proc/$$/fd && echo *"]) }
        close(kept)
        pthread_sigmask(SIG_SETMASK, &before, nil)
        let blocked = try mask.get()
        #expect(await blocked.firstLine() == "SigBlk:\t0000000000000000")
        let open = try files.get()
        #expect(await open.firstLine() == "0 1 2 3")
        let environment = try StartedProgram(
            "/bin/bash",
            ["-c", "tr '\\0' ' ' </proc/$$/environ"],
            environment: ["A": "b"]
        )
        #expect(await environment.firstLine() == "A=b ")
        #expect(await environment.ending() == .exit(0))
    }

    @Test func `what it ends with is told, and a signal reaches it`() async throws {
        let failing = try StartedProgram("/bin/sh", ["-c", "exit 3"])
        #expect(await failing.ending() == .exit(3))
        let killed = try StartedProgram("/bin/cat", [])
        killed.send(SIGKILL)
        #expect(await killed.ending() == .signal(SIGKILL))
        let reader = try StartedProgram("/bin/cat", [])
        reader.closeInput()
        #expect(await reader.ending() == .exit(0))
        #expect(await reader.firstLine().isEmpty)
        #expect(throws: StartedProgram.StartFailure.self) { try StartedProgram("/absent", []) }
    }

    @Test func `a thousand open files are no hindrance`() async throws {
        let files = (0..<1100).map { _ in dup(0) }
        defer { for file in files { close(file) } }
        #expect(files.allSatisfy { $0 >= 0 })
        let program = try StartedProgram("/bin/echo", ["there"])
        #expect(await program.firstLine() == "there")
    }
}
