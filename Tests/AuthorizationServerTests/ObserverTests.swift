import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("The observer of the endpoints")
struct ObserverTests {
    private let clock = TestClock()
    private var observer: Observer { Observer(clock: clock.wall) }

    private func browser(_ reference: String) -> Browser {
        Browser(binding: .sha256("b"), signIn: nil, reference: reference)
    }

    /// Dashboards and alerts name these; a change breaks them without a word.
    @Test func `every observation increments the counter that it is known by`() throws {
        let error = OAuthError(.invalidGrant, "no")
        let code = AuthorizationCode.derive(key: [UInt8](repeating: 1, count: 32), interaction: .random())
        let observations: [(Observation, String?)] = [
            (.refused(error), #"gatehouse_refusals_total error="invalid_grant""#),
            (.signIn(.password, .success), #"gatehouse_sign_ins_total method="password",outcome="success""#),
            (.signIn(.password, .wrong), #"gatehouse_sign_ins_total method="password",outcome="wrong_password""#),
            (
                .signIn(.password, .accountDisabled),
                #"gatehouse_sign_ins_total method="password",outcome="account_disabled""#
            ),
            (.codeRepeated, "gatehouse_code_repeats_total "),
            (.wrongAccount, "gatehouse_elicitation_wrong_person_total "),
            (.ownPasswordTyped, "gatehouse_elicitation_own_password_total "),
            (.eventDelivery(.dead), #"gatehouse_events_total outcome="dead""#),
            (.codeRedeemed(code, .random()), nil),
            (.tokenRefused(error, try Parameters(query: "code=x")), nil),
        ]
        for (observation, counter) in observations {
            let counted = observation.metric.map { label, dimensions in
                label + " " + dimensions.map { "\($0)=\"\($1)\"" }.joined(separator: ",")
            }
            #expect(counted == counter)
        }
    }

    @Test func `what happens to a code is a step of the authorization that issued it, and of no other`() throws {
        let observer = observer
        let code = AuthorizationCode.derive(key: [UInt8](repeating: 1, count: 32), interaction: .random())
        let other = AuthorizationCode.derive(key: [UInt8](repeating: 2, count: 32), interaction: .random())
        observer.newTrace(for: browser("a")).link(.code(code.digest))
        observer.newTrace(for: browser("b")).link(.code(other.digest))
        let session = SessionID.random()
        observer.observe(.codeRedeemed(code, session))
        let form = try Parameters(query: "code=\(code.reveal())")
        observer.observe(.tokenRefused(OAuthError(.invalidGrant, "no", reason: "spent"), form))
        #expect(
            observer.traces.trace("a")?.entries.map(\.step)
                == [.redeemed(session), .redemptionRefused(.invalidGrant, cause: "no (spent)")])
        #expect(observer.traces.trace("b")?.entries.isEmpty == true)
    }

    @Test(arguments: ["", "code=", "code=x", "code=a&code=b"])
    func `a refused token request without a readable code is no step of any trace`(form: String) throws {
        let observer = observer
        observer.newTrace(for: browser("a")).record(.approved)
        observer.observe(.tokenRefused(OAuthError(.invalidGrant, "no"), try Parameters(query: form)))
        #expect(observer.traces.all.flatMap(\.entries).map(\.step) == [.approved])
    }

    @Test func `a trace goes on with the request that names its key, and begins anew where the key leads nowhere`() {
        let observer = observer
        let interaction = InteractionID.random()
        observer.newTrace(for: browser("a")).link(.interaction(interaction))
        observer.trace(.interaction(interaction), for: browser("b")).record(.consentShown)
        observer.trace(.interaction(.random()), for: browser("c")).record(.consentElsewhere)
        #expect(observer.traces.trace("a")?.entries.map(\.step) == [.consentShown])
        #expect(observer.traces.trace("b")?.entries.map(\.step) == [.consentShown])
        #expect(observer.traces.trace("c")?.entries.map(\.step) == [.consentElsewhere])
        #expect(observer.traces.all.count == 2)
    }
}
