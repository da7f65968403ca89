import JOSE
import OAuth
import ServerSupport
import Storage
import TestSupport
import Testing

@testable import AuthorizationServer

@Suite("Kinds of elicitations")
struct ElicitationStrategyTests {
    private let now = Timestamp(seconds: 1_800_000_000)

    private static func ask(_ kind: ElicitationKind) throws -> any ElicitationKindRequest {
        try kind.read(JSONObject(parsing: Array(Workspace.text("Tests/Elicitations/\(kind.rawValue).json").utf8)))
    }

    private func elicitation(_ ask: any ElicitationKindRequest) throws -> Elicitation {
        Elicitation(
            resourceID: .random(), userID: .random(), subject: .random(), clientID: try ClientID("quill"),
            sessionID: .random(), message: "Please.", ask: ask, digest: try ask.digest(message: "Please."),
            createdAt: now, expiresAt: now + 900)
    }

    @Test(arguments: ElicitationKind.allCases)
    func `each kind has a strategy and a request type that reads the stored request`(kind: ElicitationKind) throws {
        #expect(Self.kind(of: kind.strategy) == kind && kind.ask.kind == kind)
        let ask = try Self.ask(kind)
        let asked = try elicitation(ask)
        #expect(asked.kind == kind)
        let kept = try #require(asked.ask)
        #expect(AnyHashable(kept) == AnyHashable(ask))
        #expect(!kind.strategy.completedWord.isEmpty && !kind.strategy.subjectMatter(of: asked).isEmpty)
    }

    private static func kind<Strategy: ElicitationStrategy>(of strategy: Strategy.Type) -> ElicitationKind {
        Strategy.Ask.kind
    }

    @Test(arguments: ElicitationKind.allCases)
    func `a member of another kind is refused by its name`(kind: ElicitationKind) throws {
        let members = try Self.ask(kind).json.members
        for other in ElicitationKind.allCases where other != kind {
            var json = try Self.ask(other).json
            json[members[0].name] = members[0].value
            let refusal = #expect(throws: OAuthError.self) { try other.read(json) }
            #expect(refusal?.code == .invalidRequest)
            #expect(
                refusal?.description.hasPrefix("\(members[0].name) does not belong to the kind \(other.rawValue)")
                    == true)
        }
    }

    @Test func `secrets and receipts are sealed with different contexts`() {
        let id = ElicitationID.random()
        #expect(ElicitationKind.secret.strategy.sealingContext(of: id) == "elicitation:\(id)")
        #expect(ElicitationKind.connect.strategy.sealingContext(of: id) == "connection receipt:\(id)")
    }

    @Test(arguments: ElicitationKind.allCases)
    func `each kind has a text for each final status`(kind: ElicitationKind) throws {
        for isJustNow in [true, false] {
            let end = ElicitationEnd(
                elicitation: try elicitation(Self.ask(kind)), serverName: "Team Files", clientName: "Quill Notes",
                isJustNow: isJustNow)
            #expect(!end.text.title.isEmpty && end.text.explanation.contains("Team Files"))
        }
    }
}
