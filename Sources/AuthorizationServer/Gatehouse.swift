package import JOSE
package import Logging
import OAuth
package import Outbound
package import Storage

/// The whole authorization server without HTTP: every endpoint, composed once at the start.
package struct Gatehouse: Sendable {
    /// The operator's settings.
    package let settings: Settings
    /// The database, which this process alone writes.
    package let store: Store
    /// The signing keys and the named secrets.
    package let keys: KeyRing
    /// The clock of every decision.
    package let clock: WallClock
    /// Feeds metrics and traces with what the endpoints report.
    let observer: Observer
    /// The log of refusals, for operators.
    package let refusals: DeduplicatedLog
    /// The log of what is no refusal: failures, warnings, news of the start.
    package let log: Logger
    /// Resolves clients, for the authorization and for refreshes.
    package let clients: ClientDirectory
    /// Signs users in and recognises them.
    package let people: SignInService
    /// `/.well-known/oauth-authorization-server` and `/jwks`.
    package let metadata: MetadataEndpoint
    /// `/authorize`.
    package let authorize: AuthorizeEndpoint
    /// `/token`, for clients and for MCP servers.
    package let token: TokenEndpoint
    /// `/connect/{provider}/callback`.
    package let connect: ConnectEndpoint
    /// `/revoke`.
    package let revocation: RevocationEndpoint
    /// `/introspect`.
    package let introspection: IntrospectionEndpoint
    /// `/elicitations`, for MCP servers.
    package let elicitations: ElicitationEndpoints
    /// `/e/{id}`, the pages of elicitations for users.
    package let elicitationPage: ElicitationPageEndpoint
    /// `/account`.
    package let account: AccountEndpoint
    /// The uses of sessions that the housekeeper writes once a minute.
    package let lastUses = UsageBuffer()
    /// The requests of each network to `/register`. An office or a vendor's servers share one network, so it is generous.
    let registrations = SourceLimit(burst: 600, perMinute: 600)
    /// The requests of each network to `/par`.
    let pushLimit = SourceLimit(burst: 600, perMinute: 600)
    /// The sign-ins at identity providers that each network begins.
    let upstreamLimit = SourceLimit(burst: 300, perMinute: 300)
    /// The logout tokens that each network sends. An identity provider sends those of all its users.
    let upstreamLogoutLimit = SourceLimit(burst: 600, perMinute: 600)
    /// The limits of the device grant.
    let deviceLimits = DeviceLimits()
    /// The demands of MCP servers for a fresh sign-in.
    let demandLimit = RateLimit<SessionID>(burst: 10, perMinute: 10)
    /// The changes that clients make to their registrations.
    let registrationChanges = RateLimit<ClientID>(burst: 10, perMinute: 1)
    /// Authenticates MCP servers at every endpoint for MCP servers.
    package let resourceAuthentication: ResourceAuthentication
    /// The verification events that MCP servers ask for.
    let verificationRequests = RateLimit<ResourceID>(burst: 10, perMinute: 2)
    /// `/events/poll`.
    package let eventPoll: EventPollEndpoint

    /// Composes the endpoints from the operator's settings, the store, the keys and the connections to the outside.
    package init(
        settings: Settings, store: Store, keys: KeyRing, fetcher: DocumentFetcher, operators: OperatorClient,
        clock: WallClock = .system, hasher: PasswordHasher, log: Logger
    ) {
        observer = Observer(clock: clock)
        let reader = AccessTokenReader(keys: keys, issuer: settings.issuer)
        let clients = ClientDirectory(store: store, fetcher: fetcher, settings: settings.clients, log: log)
        let (standing, seal) = (StandingRule(clients: clients), InteractionSeal(keys: keys))
        let assertions = AssertionAuthentication(clients, operators: operators, issuer: settings.issuer)
        let (refusals, background) = (DeduplicatedLog(log, clock: clock), BackgroundWork(log: log))
        let replacedSecretUse = ReplacedSecretUse(store, background, refusals)
        let authentication = ClientAuthentication(
            clients: clients, assertions: assertions, replacedSecretUse: replacedSecretUse, observer: observer)
        let monitor = SignInMonitor(store: store, observer: observer, lines: refusals, log: log, background: background)
        let people = SignInService(store: store, methods: Self.ways(settings, hasher), monitor: monitor, clock: clock)
        let authorize = AuthorizeEndpoint(
            settings: settings, store: store, clients: clients, people: people, seal: seal, clock: clock,
            observer: observer)
        (self.settings, self.store, self.keys, self.clock, self.log) = (settings, store, keys, clock, log)
        (self.clients, self.people, self.authorize, self.refusals) = (clients, people, authorize, refusals)
        resourceAuthentication = ResourceAuthentication(
            assertions, keys: keys, replacedSecretUse: replacedSecretUse, observer: observer, clock: clock)
        let (subjects, vault) = (SubjectTokens(reader: reader, standing: standing), ConnectionVault(keys: keys))
        let provider = ProviderClient(issuer: settings.issuer, outbound: operators)
        let wrongAccounts = WrongAccountLog(store: store, errands: background)
        let discardedTokens = DiscardedTokenRevocation(client: provider, vault: vault, log: log)
        connect = ConnectEndpoint(
            store: store, people: people, standing: standing, client: provider, vault: vault,
            wrongAccounts: wrongAccounts, discardedTokens: discardedTokens, clock: clock, observer: observer, log: log)
        let exchange = Self.exchange(store, subjects, vault, discardedTokens, clock, log)
        let grants = Self.grants(settings, keys, observer, exchange, resourceAuthentication.tokens)
        metadata = MetadataEndpoint(
            settings: settings, grantTypes: grants.types, contexts: people.reachableContexts, keys: keys)
        token = TokenEndpoint(
            store: store,
            authentication: TokenAuthentication(clients: authentication, resources: resourceAuthentication),
            issuer: TokenIssuer(settings: settings, keys: keys), grants: grants, clock: clock, observer: observer)
        revocation = RevocationEndpoint(
            store: store, keys: keys, authentication: authentication, reader: reader, clock: clock)
        introspection = IntrospectionEndpoint(
            store: store.eventLoopReader, standing: standing, authentication: resourceAuthentication, reader: reader,
            lastUses: lastUses, lostAccess: LostAccess(store, standing, background), clock: clock)
        let services = ElicitationServices(
            vault: vault, providers: provider, people: people, hasher: hasher, observer: observer)
        let signer = EventSigner(issuer: settings.issuer, keys: keys)
        eventPoll = EventPollEndpoint(
            store: store, signer: signer, verification: VerificationValue(keys: keys),
            waitList: CommitWaitList(store) { $0.streams }, observer: observer, clock: clock)
        elicitations = ElicitationEndpoints(
            ElicitationAccess(
                issuer: settings.issuer, store: store, authentication: resourceAuthentication, subjects: subjects,
                services: services, signer: signer, clock: clock),
            waitList: CommitWaitList(store) { $0.elicitations })
        elicitationPage = ElicitationPageEndpoint(
            store: store, keys: keys, people: people, standing: standing, seal: seal, services: services,
            wrongAccounts: wrongAccounts, clock: clock)
        account = AccountEndpoint(
            store: store, keys: keys, people: people, passwords: PasswordSignIn(hasher: hasher), seal: seal,
            revocation: ConnectionRevocation(store: store, client: provider, vault: vault), clock: clock)
    }

    /// The grant that gives MCP servers the tokens of connected accounts.
    private static func exchange(
        _ store: Store, _ subjects: SubjectTokens, _ vault: ConnectionVault,
        _ discardedTokens: DiscardedTokenRevocation, _ clock: WallClock, _ log: Logger
    ) -> TokenExchangeGrant {
        let excess = ExcessScopeRevocation(discardedTokens: discardedTokens)
        let refresh = ConnectionRefresh(store: store, excess: excess, clock: clock, log: log)
        return TokenExchangeGrant(subjects: subjects, vault: vault, refresh: refresh, excess: excess, clock: clock)
    }

    /// The grants that the token endpoint serves, in the order in which the metadata lists them.
    private static func grants(
        _ settings: Settings, _ keys: KeyRing, _ observer: Observer, _ exchange: TokenExchangeGrant,
        _ tokens: ServerTokens
    ) -> GrantList {
        GrantList([
            AuthorizationCodeGrant(standing: exchange.subjects.standing, observer: observer),
            RefreshTokenGrant(
                standing: exchange.subjects.standing, keys: keys, grace: settings.tokens.refreshGrace),
            ClientCredentialsGrant(standing: exchange.subjects.standing, settings: settings),
            DeviceCodeGrant(standing: exchange.subjects.standing),
            exchange, ServerCredentialsGrant(tokens: tokens),
        ])
    }

    /// `/login`.
    package var signIn: SignInEndpoint {
        SignInEndpoint(people: people, seal: InteractionSeal(keys: keys), authorize: authorize, clock: clock)
    }
    /// `/consent`.
    package var consent: ConsentEndpoint {
        ConsentEndpoint(
            settings: settings, store: store, keys: keys, people: people, standing: StandingRule(clients: clients),
            refusals: authorize.refusals, clock: clock, observer: observer)
    }
    /// The traces of the latest authorizations.
    package var traces: AuthorizationTraces { observer.traces }
    /// The latest contacts of MCP servers.
    package var contacts: ServerContacts { observer.contacts }
    /// `/events/verify`.
    package var eventVerify: EventVerifyEndpoint {
        EventVerifyEndpoint(
            store: store, verification: VerificationValue(keys: keys), requests: verificationRequests, clock: clock)
    }
    /// `/events/status`.
    package var eventStatus: EventStatusEndpoint { EventStatusEndpoint(store: store, clock: clock) }
    /// `/sessions/{sid}`, for MCP servers.
    package var session: SessionEndpoint {
        SessionEndpoint(store: store, authentication: resourceAuthentication, clock: clock)
    }

    /// Every sign-in method. The password comes last, because it reads every form that no other method reads.
    private static func ways(_ settings: Settings, _ hasher: PasswordHasher) -> [any SignInMethod] {
        settings.signIn.password ? [PasswordSignIn(hasher: hasher)] : []
    }
}

extension Gatehouse {
    /// Records what MCP servers report about who is acting.
    package var checkpoints: CheckpointEndpoint {
        CheckpointEndpoint(
            store: store, authentication: resourceAuthentication, subjects: elicitations.creation.access.subjects,
            clock: clock)
    }

    /// Keeps the authority of MCP servers for work that continues in the background.
    package var jobs: JobEndpoint {
        JobEndpoint(
            store: store, authentication: resourceAuthentication, subjects: elicitations.creation.access.subjects,
            clock: clock)
    }

    /// Answers MCP servers that ask before they act on their own.
    package var evaluation: EvaluationEndpoint { EvaluationEndpoint(creation: elicitations.creation) }
}

extension Gatehouse {
    /// `/sessions/{sid}/require`, for MCP servers.
    package var signInDemand: SignInDemandEndpoint {
        SignInDemandEndpoint(
            store: store, authentication: resourceAuthentication, standing: StandingRule(clients: clients),
            limit: demandLimit, clock: clock)
    }
}
