import OAuth
import Outbound

/// Who named a key set, which decides how it is fetched and with whose sets it shares the memory.
enum KeySetSource: Hashable, Sendable {
    /// The document or registration of this client: the URL is a stranger's. `isKnown` is true for a client that a user or an
    /// administrator accepted.
    case client(ClientID, isKnown: Bool)
    /// An administrator: private addresses are permitted.
    case administrator
    /// The metadata of a server that an administrator named: only global addresses are permitted.
    case metadata

    /// How far somebody vouches for the owner of a key set.
    enum Standing: Hashable, Sendable {
        case stranger, known, administrators
    }

    /// How far somebody vouches for the owner.
    var standing: Standing {
        switch self {
        case .client(_, isKnown: false): .stranger
        case .client(_, isKnown: true): .known
        case .administrator, .metadata: .administrators
        }
    }
}

/// Fetches key sets, each by the rules of its source.
struct KeySetFetcher: Sendable {
    /// The shortest and the longest time for which a fetched set is used, in seconds.
    static let freshness: ClosedRange<Int64> = 300...3600

    let fetcher: DocumentFetcher
    let operators: OperatorClient

    /// The body at the URL, and for how many seconds it is fresh.
    func body(of url: String, _ source: KeySetSource) async throws -> ([UInt8], Int64) {
        switch source {
        case .client(let id, let isKnown):
            do throws(FetchError) {
                let document = try await fetcher.fetch(url, for: claim(on: url, of: id, isKnown: isKnown))
                return (
                    document.body,
                    document.freshFor(min: Self.freshness.lowerBound, max: Self.freshness.upperBound)
                )
            } catch {
                throw error.reason
            }
        case .administrator, .metadata:
            let response = try await operators.get(
                RemoteURL(operator: url), namedBy: source == .metadata ? .aDocument : .anOperator)
            guard response.status == 200 else { throw OutboundFailure.status(response.status) }
            guard response.isJSON else {
                throw OutboundFailure.mediaType(response.values(of: "content-type").joined(separator: ", "))
            }
            return (response.body, Self.freshness.lowerBound)
        }
    }

    /// Whose share of the fetches a key set counts against, and whose rule admits it. Those of all strangers together have one share.
    /// On the host of a known client's document the budget of known documents applies, which strangers cannot use up.
    private func claim(on url: String, of id: ClientID, isKnown: Bool) -> FetchClaim {
        let isOwnHost = id.isDocument && fetcher.host(of: url) == id.documentHost
        let client = isOwnHost ? id.string : nil
        guard isKnown else {
            return FetchClaim(askers: ["keys of strangers"], standing: .newHost, client: client)
        }
        return FetchClaim(
            askers: isOwnHost ? [] : ["keys of \(id)"], standing: isOwnHost ? .knownDocument : .knownHost,
            client: client)
    }
}

extension OutboundFailure {
    /// Whether keys that stood at the URL before count no longer: the URL answers with something else, or may not be asked.
    var withdrawsKeys: Bool {
        switch self {
        case .hostNotAllowed, .unacceptableURL: true
        default: documentFault != nil
        }
    }
}
