import JOSE
import OAuth
import Outbound
import Storage

/// The meaning of a receiver's answer to a pushed event. Of its text, only error codes of the specification are kept.
/// Spec: RFC 8935 §2.4
enum PushAnswer: Hashable, Sendable {
    /// The receiver has the event.
    case accepted
    /// The receiver rejects this event for good; another attempt would get the same answer.
    case refused(EventAnswer)
    /// This attempt failed. `isTrouble` means that the endpoint failed and not just this event; `retryAfter` is in
    /// seconds.
    case failed(EventAnswer, isTrouble: Bool, retryAfter: Int64?)
    /// The endpoint answered 410 and gets nothing any more.
    case gone

    /// The statuses that speak about the endpoint and not about the event.
    private static let troubleStatuses: Set = [429, 502, 503, 504]

    /// Reads an answer. A redirect counts as a failure: events go only to the address that the operator set.
    init(_ response: OutboundResponse) {
        switch response.status {
        case 200...299: self = .accepted
        case 400: self = Self.error(in: response)
        case 410: self = .gone
        case let status:
            self = .failed(
                EventAnswer(status: status), isTrouble: Self.troubleStatuses.contains(status),
                retryAfter: Self.retryAfter(in: response))
        }
    }

    /// The attempt got no answer.
    init(_ failure: OutboundFailure) {
        self = .failed(EventAnswer(error: Self.word(for: failure)), isTrouble: true, retryAfter: nil)
    }

    /// The status and error code for the database.
    var recorded: EventAnswer {
        switch self {
        case .accepted: EventAnswer()
        case .refused(let answer), .failed(let answer, _, _): answer
        case .gone: EventAnswer(status: 410)
        }
    }

    private static func error(in response: OutboundResponse) -> PushAnswer {
        let code = (try? JSONObject(parsing: response.body))?["err"]?.string.flatMap(EventError.init)
        let answer = EventAnswer(status: 400, error: code?.rawValue)
        if let code, !code.isRetryable { return .refused(answer) }
        return .failed(answer, isTrouble: false, retryAfter: retryAfter(in: response))
    }

    /// Reads `Retry-After` in seconds; a date is ignored, because it depends on the receiver's clock.
    private static func retryAfter(in response: OutboundResponse) -> Int64? {
        let values = response.values(of: "retry-after")
        guard values.count == 1, let seconds = Int64(values[0]), seconds >= 0 else { return nil }
        return seconds
    }

    private static func word(for failure: OutboundFailure) -> String {
        switch failure {
        case .deadline: "no answer in time"
        case .untrusted: "no trusted certificate"
        case .unresolvable: "no such name"
        case .refusedAddress, .unacceptableURL: "an address that is not sent to"
        case .malformed: "no HTTP answer"
        case .hostNotAllowed, .rulesUnavailable, .overBudget, .busy, .unreachable, .interrupted, .oversized,
            .unwritable,
            .status, .mediaType:
            "no connection"
        }
    }
}
