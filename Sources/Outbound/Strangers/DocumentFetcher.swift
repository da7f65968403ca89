import NIOCore
import Synchronization

/// Fetches documents from strangers' URLs (client metadata documents, key sets) and prevents server-side request forgery: https
/// only, vetted addresses only, bounded in size, time and number, no redirects, no credentials.
package final class DocumentFetcher: Sendable {
    /// The User-Agent of every request.
    package static let userAgent = "Gatehouse/0.1 (+client metadata document)"

    /// The policy in force, with the results that it led to; a new policy begins without results.
    private struct Current {
        let policy: FetchPolicy
        let revision: Int
        /// The URLs that the policy permits without a rule of the operator.
        var permitted: Set<String> = []
    }

    private static let mostPermitted = 1_000

    private let current: Mutex<Current>
    private let roots: TrustRoots
    private let resolver: Resolver
    /// The proxy that strangers' URLs take; nil unless the operator vouches that it vets addresses.
    private let proxy: OutboundProxy?
    private let clock: MonotonicClock
    private let rule: @Sendable (_ host: String) async throws -> HostRule?
    private let clientRule: @Sendable (_ url: String) async throws -> HostRule?
    private let governor: FetchGovernor

    /// Makes a fetcher. `rule` returns the operator's rule for a host, `clientRule` the one for the client of a URL if the host has
    /// none. When one throws, nothing is fetched.
    package init(
        policy: FetchPolicy, roots: TrustRoots = .system, resolver: Resolver = .system(),
        clock: MonotonicClock = .system, proxy: OutboundProxy? = nil,
        rule: @escaping @Sendable (_ host: String) async throws -> HostRule? = { _ in nil },
        clientRule: @escaping @Sendable (_ url: String) async throws -> HostRule? = { _ in nil }
    ) {
        current = Mutex(Current(policy: policy, revision: 0))
        self.roots = roots
        self.resolver = resolver
        self.proxy = proxy.flatMap { $0.vetsAddresses ? $0 : nil }
        self.clock = clock
        self.rule = rule
        self.clientRule = clientRule
        governor = FetchGovernor(budget: policy.budget, now: clock.now)
    }

    /// Replaces the policy, for reloads; the fetch budget stays.
    package func follow(_ policy: FetchPolicy) {
        current.withLock { $0 = Current(policy: policy, revision: $0.revision + 1) }
    }

    private var policy: FetchPolicy { current.withLock { $0.policy } }

    /// Fetches a document. Concurrent calls for one URL share one fetch, and failures are not cached. `claim` tells whose share of
    /// the budget the fetch counts against.
    package func fetch(
        _ url: String, for claim: FetchClaim = .anonymous
    ) async throws(FetchError) -> FetchedDocument {
        // Refusals without a request are immediate: they depend on the URL alone and reveal nothing about the network.
        let url = try await admit(url, client: claim.client ?? url)
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
            // The delay hides whether an internal address refused, ignored or answered the connection.
            await clock.sleep(nextStep(after: started))
            throw FetchError(reason: failure)
        }
    }

    /// Whether URL syntax, lists and the operator's rule permit a document at `url`. Callers check cached documents again, so that
    /// an operator's decision takes effect at once.
    ///
    /// Every refresh asks for the same few addresses, so an address that the lists permit is parsed once.
    package func admits(_ url: String, rule: HostRule?) -> Bool {
        guard rule == nil else { return refusal(of: url, rule: rule) == nil }
        let (isKnown, revision) = current.withLock { ($0.permitted.contains(url), $0.revision) }
        if isKnown { return true }
        guard refusal(of: url, rule: nil) == nil else { return false }
        current.withLock { current in
            // A policy that was set meanwhile must not inherit a result of the one before.
            guard current.revision == revision else { return }
            if current.permitted.count >= Self.mostPermitted { current.permitted.removeAll(keepingCapacity: true) }
            current.permitted.insert(url)
        }
        return true
    }

    /// Whether `url` is on a host of the operator's own network, which strangers must not explore through this server.
    package func isOnPrivateHost(_ url: String) -> Bool {
        guard let url = try? acceptable(url) else { return false }
        return policy.privateHosts.contains(url.hostPort)
    }

    /// The host of a URL, as rules name it; nil for a URL that no stranger may name.
    package func host(of url: String) -> String? { (try? acceptable(url))?.host }

    /// Why a document at `url` is not permitted, without a request; nil if it is.
    package func refusal(of url: String, rule: HostRule?) -> OutboundFailure? {
        do throws(RemoteURLError) {
            let url = try acceptable(url)
            return policy.permits(url.host, rule: rule) ? nil : .hostNotAllowed(url.host)
        } catch {
            return .unacceptableURL(error)
        }
    }

    /// The configuration that excludes a URL without a rule of the operator, for the log.
    package func exclusion(of url: String) -> String {
        switch refusal(of: url, rule: nil) {
        case .hostNotAllowed(let host): policy.exclusion(of: host)
        case .unacceptableURL(let error): "its URL: \(error)"
        case .some(let failure): "its URL: \(failure)"
        case nil: "a rule that was removed meanwhile"
        }
    }

    private func acceptable(_ text: String) throws(RemoteURLError) -> RemoteURL {
        let url = try RemoteURL(stranger: text, privateHosts: policy.privateHosts)
        guard url.port == 443 || policy.privateHosts.contains(url.hostPort) else { throw .notListed }
        return url
    }

    /// Runs the checks that need no network, the cheapest first.
    private func admit(_ text: String, client: String) async throws(FetchError) -> RemoteURL {
        let url: RemoteURL
        do throws(RemoteURLError) {
            url = try acceptable(text)
        } catch {
            throw FetchError(reason: .unacceptableURL(error))
        }
        let row: HostRule?
        do {
            let ofHost = try await rule(url.host)
            row = if let ofHost { ofHost } else { try await clientRule(client) }
        } catch {
            throw FetchError(reason: .rulesUnavailable)
        }
        guard policy.permits(url.host, rule: row) else { throw FetchError(reason: .hostNotAllowed(url.host)) }
        return url
    }

    private func document(at url: RemoteURL) async throws(OutboundFailure) -> FetchedDocument {
        let deadline = NIODeadline.now() + policy.deadline
        let isPrivate = policy.privateHosts.contains(url.hostPort)
        // A private host is one of the operator's own network, which the proxy leads out of.
        let proxy = isPrivate ? nil : self.proxy
        let connection = try await open(url, through: proxy, isPrivate: isPrivate, deadline)
        // No reuse: an idle connection would skip the check of the host's current addresses.
        defer { connection.close() }
        // Behind a proxy the address is the proxy's and says nothing about the host.
        let address = proxy == nil ? connection.address : nil
        let request = OutboundRequest(method: .get, target: url.target, host: url.hostField, fields: Self.fields)
        let response = try await connection.exchange(request, maximumBody: policy.maximumSize, deadline: deadline)
        guard response.status == 200 else { throw .status(response.status) }
        guard response.isJSON else { throw .mediaType(response.values(of: "content-type").joined(separator: ", ")) }
        guard response.isUnencoded else { throw .mediaType("content-encoding") }
        return FetchedDocument(
            url: url.string, response: response, address: address, certificate: connection.certificate)
    }

    private func open(
        _ url: RemoteURL, through proxy: OutboundProxy?, isPrivate: Bool, _ deadline: NIODeadline
    ) async throws(OutboundFailure) -> PinnedConnection {
        let security = PinnedConnection.Security(roots: roots, serverName: url.host)
        if let proxy { return try await proxy.open(url, security: security, resolver: resolver, deadline: deadline) }
        let addresses = try await resolver.vetted(url, by: deadline) { address in
            isPrivate
                ? AddressPolicy.isOperable(AddressPolicy.bytes(of: address)) : AddressPolicy.isGlobal(address)
        }
        return try await PinnedConnection.open(toFirstOf: addresses, security: security, deadline: deadline)
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

/// A failed fetch. The description is the same for every cause; the reason is for the operator's log.
package struct FetchError: Error, CustomStringConvertible {
    /// The cause. It must not be shown to clients, who could probe internal hosts with it.
    package let reason: OutboundFailure

    package var description: String { "The document could not be fetched." }
}

extension Resolver {
    /// All addresses of a URL's host, with its port; one unacceptable address refuses the whole name.
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
