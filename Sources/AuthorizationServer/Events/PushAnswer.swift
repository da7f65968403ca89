import JOSE
import OAuth
import Outbound
import Storage

/// What a receiver's answer to a pushed event means. Of what it says, only words of the specification are kept.
/// Spec: RFC 8935 §2.4
enum PushAnswer: Hashable, Sendable {
    /// It has the event.
    case accepted
    /// It will never take this event: another attempt would be answered the same.
    case refused(EventAnswer)
    /// It did not take the event this time.
    case failed(EventAnswer, isTrouble: Bool, retryAfter: Int64?)
    /// The endpoint is gone for good.
    case gone

    private static let trouble: Set = [429, 502, 503, 504]

    /// Reads an answer; a redirect is none, because events go where the operator said and nowhere else.
    init(_ response: OutboundResponse) {
        switch response.status {
        case 200...299: self = .accepted
        case 400: self = Self.error(in: response)
        case 410: self = .gone
        case let status:
            self = .failed(
                EventAnswer(status: status), isTrouble: Self.trouble.contains(status),
                retryAfter: Self.retryAfter(in: response))
        }
    }

    /// No answer at all.
    init(_ failure: OutboundFailure) {
        self = .failed(EventAnswer(error: Self.word(for: failure)), isTrouble: true, retryAfter: nil)
    }

    private static func error(in response: OutboundResponse) -> PushAnswer {
        let code = (try? JSONObject(parsing: response.body))?["err"]?.string.flatMap(EventError.init)
        let answer = EventAnswer(status: 400, error: code?.rawValue)
        if let code, !code.mayHeal { return .refused(answer) }
        return .failed(answer, isTrouble: false, retryAfter: retryAfter(in: response))
    }

    /// Seconds only; a date would depend on the other side's clock.
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
