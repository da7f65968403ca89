import AuthorizationServer
import OAuth
import Outbound

/// Checks the clock, on which the lifetimes of codes and tokens and the times of records depend.
struct ClockCheck {
    /// The tolerated difference between two clocks, in seconds.
    private static let tolerance: Int64 = 5

    private let configuration: ServerConfiguration
    private let probe: IssuerProbe
    private let drift: Int64
    private let now: Timestamp

    /// `drift` is the difference in seconds between the system clock and a steady clock during the checks.
    init(_ configuration: ServerConfiguration, _ probe: IssuerProbe, drift: Int64, now: Timestamp) {
        self.configuration = configuration
        self.probe = probe
        self.drift = drift
        self.now = now
    }

    var findings: [Finding] {
        let faults = [step, remoteClock, files].compactMap(\.self)
        return faults.isEmpty ? [Finding("clock", .ok, "The clock says \(now), and nothing contradicts it.")] : faults
    }

    private var step: Finding? {
        guard abs(drift) > 2 else { return nil }
        return Finding(
            "clock", .problem,
            "The clock was set by \(drift) s during this check. Let a single service (NTP) set the clock.")
    }

    /// The `Date` of the issuer's response, which a proxy on another machine writes.
    private var remoteClock: Finding? {
        guard let answer = try? probe.answer.get(), let text = answer.values(of: "date").first,
            let date = HTTPDate(text), abs(date.time - now) > Self.tolerance + 5
        else { return nil }
        return Finding(
            "clock", .warning,
            "The date of the issuer's response differs from this machine's clock by \(date.time - now) s. Synchronise both "
                + "clocks (NTP).")
    }

    private var files: Finding? {
        let names = ["/gatehouse.sqlite", "/gatehouse.sqlite-wal", "/lock"]
        let latest = names.compactMap { FileStatus(configuration.data + $0)?.writtenAt }.max() ?? 0
        guard latest > now.seconds + Self.tolerance else { return nil }
        return Finding(
            "clock", .problem,
            "Files in \(configuration.data) are dated \(latest - now.seconds) s in the future: the clock was set back. "
                + "Correct it.")
    }
}

/// A date in the preferred format of HTTP.
/// Spec: RFC 9110 §5.6.7
struct HTTPDate {
    let time: Timestamp

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`.
    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = Self.months.firstIndex(of: String(words[2])) else {
            return nil
        }
        let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
        guard let time = Timestamp(rfc3339: "\(words[3])-\(number)-\(words[1])T\(words[4])Z") else { return nil }
        self.time = time
    }
}
