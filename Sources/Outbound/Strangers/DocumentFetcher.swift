import NIOCore
import Synchronization

/// Fetches what a stranger's URL names (a client metadata document, its key set) without serving as the stranger's arm:
/// https only, vetted addresses only, bounded in size, time and number, no redirect, no credential.
package final class DocumentFetcher: Sendable {
    /// What every request says of itself.
    package static let userAgent = "Gatehouse/0.1 (+client metadata document)"

    /// The policy in force, with what was found by it; a new policy begins with nothing found.
    private struct Current {
        let policy: FetchPolicy
        let revision: Int
        /// The addresses that the policy admits without a rule of the operator.
        var admitted: Set<String> = []
    }

    private static let mostAdmitted = 1_000

    private let current: Mutex<Current>
    private let roots: TrustRoots
    private let resolver: Resolver
    private let clock: MonotonicClock
    private let rule: @Sendable (_ host: String) async throws -> HostRule?
    private let clientRule: @Sendable (_ url: String) async throws -> HostRule?
    private let governor: FetchGovernor

    /// `rule` gives the operator's row for a host, if there is one, and `clientRule` the one for the client of a URL, which is
    /// asked where the host has none; when they throw, nothing is fetched.
    package init(
        policy: FetchPolicy, roots: TrustRoots = .system, resolver: Resolver = .system(),
        clock: MonotonicClock = .system,
        rule: @escaping @Sendable (_ host: String) async throws -> HostRule? = { _ in nil },
        clientRule: @escaping @Sendable (_ url: String) async throws -> HostRule? = { _ in nil }
    ) {
        current = Mutex(Current(policy: policy, revision: 0))
        self.roots = roots
        self.resolver = resolver
        self.clock = clock
        self.rule = rule
        self.clientRule = clientRule
        governor = FetchGovernor(budget: policy.budget, now: clock.now)
    }

    /// From now on by this policy; how much strangers can use up stays as it was.
    package func follow(_ policy: FetchPolicy) {
        current.withLock { $0 = Current(policy: policy, revision: $0.revision + 1) }
    }

    private var policy: FetchPolicy { current.withLock { $0.policy } }

    /// Fetches a document; concurrent calls for one URL share one fetch, and a failure is never kept. `claim` says on whose
    /// account, which bounds how often.
    package func fetch(
        _ url: String, for claim: FetchClaim = .anonymous
    ) async throws(FetchError) -> FetchedDocument {
        let url = try await admit(url)
        let started = clock.now()
        let outcome = await governor.run(url, for: claim) { [self] in
            do throws(OutboundFailure) {
                return .success(try await document(at: url))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let document):
            return document
        case .failure(let failure):
            await clock.sleep(nextStep(after: started))
            throw FetchError(reason: failure)
        }
    }

    /// Whether a document at `url` counts here at all, by its form, the lists and the operator's rule: asked anew for
    /// documents that were fetched earlier, so that a decision of the operator does not wait for them to age.
    ///
    /// Every refresh asks for the same few addresses, so an address that the lists admit is parsed once.
    package func admits(_ url: String, rule: HostRule?) -> Bool {
        guard rule == nil else { return refusal(of: url, rule: rule) == nil }
        let (isKnown, revision) = current.withLock { ($0.admitted.contains(url), $0.revision) }
        if isKnown { return true }
        guard refusal(of: url, rule: nil) == nil else { return false }
        current.withLock { current in
            // A policy that came meanwhile must not inherit a finding of the one before.
            guard current.revision == revision else { return }
            if current.admitted.count >= Self.mostAdmitted { current.admitted.removeAll(keepingCapacity: true) }
            current.admitted.insert(url)
        }
        return true
    }

    /// Why a document at `url` does not count here, told without asking anybody; nil when it does.
    package func refusal(of url: String, rule: HostRule?) -> OutboundFailure? {
        do throws(RemoteURLError) {
            let url = try acceptable(url)
            return policy.permits(url.host, rule: rule) ? nil : .hostNotAllowed(url.host)
        } catch {
            return .unacceptableURL(error)
        }
    }

    /// What of the configuration keeps the documents of this address out where no rule of the operator decides, for the log.
    package func exclusion(of url: String) -> String {
        switch refusal(of: url, rule: nil) {
        case .hostNotAllowed(let host): policy.exclusion(of: host)
        case .some(let failure): "its address: \(failure)"
        case nil: "a rule that was lifted just now"
        }
    }

    private func acceptable(_ text: String) throws(RemoteURLError) -> RemoteURL {
        let url = try RemoteURL(stranger: text, privateHosts: policy.privateHosts)
        guard url.port == 443 || policy.privateHosts.contains(url.hostPort) else { throw .notListed }
        return url
    }

    /// The checks that need no network, cheapest first.
    private func admit(_ text: String) async throws(FetchError) -> RemoteURL {
        let url: RemoteURL
        do throws(RemoteURLError) {
            url = try acceptable(text)
        } catch {
            throw FetchError(reason: .unacceptableURL(error))
        }
        let row: HostRule?
        do {
            let ofHost = try await rule(url.host)
            row = if let ofHost { ofHost } else { try await clientRule(text) }
        } catch {
            throw FetchError(reason: .rulesUnavailable)
        }
        guard policy.permits(url.host, rule: row) else { throw FetchError(reason: .hostNotAllowed(url.host)) }
        return url
    }

    private func document(at url: RemoteURL) async throws(OutboundFailure) -> FetchedDocument {
        let deadline = NIODeadline.now() + policy.deadline
        let isPrivate = policy.privateHosts.contains(url.hostPort)
        let addresses = try await resolver.vetted(url, by: deadline) { address in
            isPrivate
                ? AddressPolicy.isOperable(AddressPolicy.bytes(of: address)) : AddressPolicy.isGlobal(address)
        }
        let security = PinnedConnection.Security(roots: roots, serverName: url.host)
        let connection = try await PinnedConnection.open(
            toFirstOf: addresses, security: security, deadline: deadline)
        defer { connection.close() }
        let address = connection.address
        let request = OutboundRequest(method: .get, target: url.target, host: url.hostField, fields: Self.fields)
        let response = try await connection.exchange(request, maximumBody: policy.maximumSize, deadline: deadline)
        guard response.status == 200 else { throw .status(response.status) }
        guard response.isJSON else { throw .mediaType(response.values(of: "content-type").joined(separator: ", ")) }
        guard response.isUnencoded else { throw .mediaType("content-encoding") }
        return FetchedDocument(
            url: url.string, response: response, address: address, certificate: connection.certificate)
    }

    private static let fields: [(name: String, value: String)] = [
        ("Accept", "application/json, application/*+json"), ("Accept-Encoding", "identity"),
        ("User-Agent", userAgent), ("Connection", "close"),
    ]

    private func nextStep(after started: NIODeadline) -> NIODeadline {
        let step = policy.failureStep.nanoseconds
        guard step > 0 else { return started }
        let spent = max(0, (clock.now() - started).nanoseconds)
        return started + .nanoseconds((spent / step + 1) * step)
    }
}

/// A document that could not be had. To the outside all failures are one; the reason is for the operator's log.
package struct FetchError: Error, CustomStringConvertible {
    /// The cause, never to be shown to whoever gave the URL.
    package let reason: OutboundFailure

    package var description: String { "The document could not be fetched." }
}

extension Resolver {
    /// All of a name's addresses with the URL's port; a single one that is not acceptable refuses the whole name.
    func vetted(
        _ url: RemoteURL, by deadline: NIODeadline, acceptable: (SocketAddress) -> Bool
    ) async throws(OutboundFailure) -> [SocketAddress] {
        var addresses: [SocketAddress]
        do {
            addresses = try await resolve(url.host)
        } catch {
            throw error as? OutboundFailure ?? .unresolvable(host: url.host)
        }
        guard !addresses.isEmpty else { throw .unresolvable(host: url.host) }
        for index in addresses.indices {
            guard acceptable(addresses[index]) else {
                throw .refusedAddress(host: url.host, address: addresses[index].ipAddress ?? "no Internet address")
            }
            addresses[index].port = url.port
        }
        guard deadline > .now() else { throw .deadline }
        return addresses
    }
}
