import AuthorizationServer
import OAuth
import Outbound

/// Whether the clock is right: codes, tokens and records stand on it.
struct ClockCheck {
    /// What a clock may be apart, in seconds.
    private static let tolerance: Int64 = 5

    private let configuration: ServerConfiguration
    private let visit: IssuerProbe
    private let drift: Int64
    private let now: Timestamp

    /// `drift` is by how many seconds the clock moved otherwise than a steady one during the examination.
    init(_ configuration: ServerConfiguration, _ visit: IssuerProbe, drift: Int64, now: Timestamp) {
        self.configuration = configuration
        self.visit = visit
        self.drift = drift
        self.now = now
    }

    var findings: [Finding] {
        let wrong = [step, elsewhere, files].compactMap(\.self)
        return wrong.isEmpty ? [Finding("clock", .ok, "It is \(now), and nothing here says otherwise.")] : wrong
    }

    private var step: Finding? {
        guard abs(drift) > 2 else { return nil }
        return Finding(
            "clock", .problem,
            "The clock was moved by \(drift) s while this was looked at; have one service alone set it.")
    }

    /// A proxy of another machine writes its own time.
    private var elsewhere: Finding? {
        guard let answer = try? visit.answer.get(), let text = answer.values(of: "date").first,
            let date = HTTPDate(text), abs(date.time - now) > Self.tolerance + 5
        else { return nil }
        return Finding(
            "clock", .warning,
            "The issuer's answer was dated \(date.time - now) s from this machine's clock; synchronise both (NTP).")
    }

    private var files: Finding? {
        let names = ["/gatehouse.sqlite", "/gatehouse.sqlite-wal", "/lock"]
        let latest = names.compactMap { FileStatus(configuration.paths.data + $0)?.writtenAt }.max() ?? 0
        guard latest > now.seconds + Self.tolerance else { return nil }
        return Finding(
            "clock", .problem,
            "Files in \(configuration.paths.data) were written \(latest - now.seconds) s from now on: the clock was set back; "
                + "correct it.")
    }
}

/// The one form of dates that HTTP writes today.
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
