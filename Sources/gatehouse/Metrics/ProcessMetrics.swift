import Foundation

/// What the process itself uses: processor time, memory, writes that wait for the disk, and events for their receivers.
struct ProcessMetrics {
    let waitingWrites: Int
    /// Nil when the database did not say.
    let waitingEvents: Int64?

    /// The values as lines of text.
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

    /// The second number of `statm` counts the pages in memory.
    private var residentBytes: Int {
        let numbers = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        guard numbers.count > 1, let pages = Int(numbers[1]) else { return 0 }
        return pages * Int(getpagesize())
    }
}
