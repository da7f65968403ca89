import Foundation

/// Metrics of the process: processor time, memory, waiting writes and waiting events.
struct ProcessMetrics {
    let waitingWrites: Int
    /// Nil if the database did not answer.
    let waitingEvents: Int64?

    /// The metrics in the Prometheus text format.
    var text: String {
        """
        # TYPE process_cpu_seconds_total counter
        process_cpu_seconds_total \(processorSeconds)
        # TYPE process_resident_memory_bytes gauge
        process_resident_memory_bytes \(residentBytes)
        # TYPE gatehouse_waiting_writes gauge
        gatehouse_waiting_writes \(waitingWrites)

        """ + (waitingEvents.map { "# TYPE gatehouse_waiting_events gauge\ngatehouse_waiting_events \($0)\n" } ?? "")
    }

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
}
