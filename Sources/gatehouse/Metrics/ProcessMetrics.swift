import Foundation

/// Metrics of the process, under the names that all exporters use: processor time, memory, files, start.
struct ProcessMetrics {
    /// The metrics as families.
    var families: [MetricFamily] {
        [
            MetricFamily(
                "process_cpu_seconds_total", "Processor time of the process.", .counter,
                [MetricFamily.Sample(value: "\(processorSeconds)")]),
            .gauge("process_resident_memory_bytes", "Memory of the process that is resident.", residentBytes),
            .gauge("process_start_time_seconds", "Start of the process, in seconds since 1970.", Self.startTime),
            .gauge("process_open_fds", "Open files of the process.", openFiles),
            .gauge("process_max_fds", "Files that the process may open.", mostFiles),
        ]
    }

    /// The time at which this was first asked, which is at the start of the server.
    static let startTime = Int64(Date().timeIntervalSince1970)

    private var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }

    /// In bytes; the second number of `statm` counts resident pages.
    private var residentBytes: Int {
        let numbers = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        guard numbers.count > 1, let pages = Int(numbers[1]) else { return 0 }
        return pages * Int(getpagesize())
    }

    private var openFiles: Int? { try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }

    private var mostFiles: UInt64? {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? UInt64(limit.rlim_cur) : nil
    }
}
