import Foundation

extension PrometheusRegistry {
    /// Adds this process' own families under the names that Prometheus' clients have for them.
    ///
    /// Read from `/proc` when the text is asked for, which takes microseconds; what can't be read is left out, so that on a
    /// system without `/proc` there is nothing.
    public func collectProcess() {
        let families = [
            CollectedFamily(
                name: "process_cpu_seconds_total",
                kind: .counter,
                help: "Processor time of the process, in user and system mode, in seconds."
            ),
            CollectedFamily(name: "process_open_fds", kind: .gauge, help: "Open file descriptors."),
            CollectedFamily(name: "process_max_fds", kind: .gauge, help: "How many file descriptors may be open."),
            CollectedFamily(name: "process_virtual_memory_bytes", kind: .gauge, help: "Virtual memory, in bytes."),
            CollectedFamily(name: "process_resident_memory_bytes", kind: .gauge, help: "Resident memory, in bytes."),
            CollectedFamily(
                name: "process_start_time_seconds",
                kind: .gauge,
                help: "When the process was started, in seconds since 1970."
            ),
            CollectedFamily(name: "process_threads", kind: .gauge, help: "Threads of the process."),
        ]
        collect(families) {
            let status = ProcessStatus.current()
            return [
                status?.processorSeconds, ProcessStatus.openFiles(), ProcessStatus.maximumFiles(),
                status?.virtualBytes, status?.residentBytes, status?.startSeconds, status?.threads,
            ]
        }
    }
}

/// What `/proc/self/stat` says.
struct ProcessStatus: Hashable {
    let processorSeconds: Double
    let virtualBytes: Double
    let residentBytes: Double
    let threads: Double
    /// Since 1970; `nil` where the machine's own start is not known.
    let startSeconds: Double?

    /// Reads a line of proc(5).
    ///
    /// The name in it, between parentheses, may hold spaces and parentheses itself.
    init?(stat: String, ticksPerSecond: Double, pageBytes: Double, bootSeconds: Double?) {
        guard let nameEnd = stat.lastIndex(of: ")") else { return nil }
        // The first of these is the third of the line.
        let fields = stat[stat.index(after: nameEnd)...].split { $0 == " " || $0 == "\n" }
        func field(_ number: Int) -> Double? { fields.indices.contains(number - 3) ? Double(fields[number - 3]) : nil }
        guard let user = field(14), let system = field(15), let threads = field(20), let start = field(22),
            let virtual = field(23), let resident = field(24)
        else { return nil }
        processorSeconds = (user + system) / ticksPerSecond
        virtualBytes = virtual
        residentBytes = resident * pageBytes
        self.threads = threads
        startSeconds = bootSeconds.map { $0 + start / ticksPerSecond }
    }

    /// The line of `/proc/stat` that says when the machine was started, in seconds since 1970.
    static func bootSeconds(stat: String) -> Double? {
        stat.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
    }

    static func current() -> ProcessStatus? {
        guard let stat = contents("/proc/self/stat") else { return nil }
        return ProcessStatus(
            stat: stat,
            ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
            pageBytes: Double(sysconf(Int32(_SC_PAGESIZE))),
            bootSeconds: contents("/proc/stat").flatMap { bootSeconds(stat: $0) }
        )
    }

    /// How many files are open, but for the one that looking for them takes.
    static func openFiles() -> Double? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // "." and "..", and the directory itself.
        return Double(count - 3)
    }

    static func maximumFiles() -> Double? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return Double(limit.rlim_cur)
    }

    private static func contents(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
