package import JOSE
package import Logging
import OAuth
package import Outbound
package import Storage

/// The whole authorization server without its doors: every decision, composed once at start.
package struct Gatehouse: Sendable {
    package let settings: Settings
    package let store: Store
    package let keys: KeyRing
    package let clock: WallClock
    package let counters = Counters()
    /// Where refusals are told to operators.
    package let refusals: DeduplicatedLog
    package let log: Logger
    package let clients: ClientDirectory
    package let people: SignInService
    package let metadata: MetadataEndpoint
    package let authorize: AuthorizeEndpoint
    package let signIn: SignInEndpoint
    package let consent: ConsentEndpoint
    package let token: TokenEndpoint
    package let connect: ConnectEndpoint
    package let revocation: RevocationEndpoint
    package let introspection: IntrospectionEndpoint
    package let elicitations: ElicitationEndpoints
    package let elicitationPage: ElicitationPageEndpoint
    package let account: AccountEndpoint
    package let lastUses = UsageBuffer()
    package let resourceAuthentication: ResourceAuthentication
    package let eventPoll: EventPollEndpoint

    /// Composes the server from what the operator decided and the things it stands on.
    package init(
        settings: Settings, store: Store, keys: KeyRing, fetcher: DocumentFetcher, operators: OperatorClient,
        clock: WallClock = .system, hasher: PasswordHasher, log: Logger
    ) {
        let reader = AccessTokenReader(keys: keys, issuer: settings.issuer)
        let clients = ClientDirectory(store: store, fetcher: fetcher, settings: settings.clients, log: log)
        let standing = StandingRule(clients: clients)
        let authentication = ClientAuthentication(clients: clients, counters: counters)
        let (refusals, errands) = (DeduplicatedLog(log, clock: clock), BackgroundWork(log: log))
        let watch = SignInMonitor(store: store, lines: refusals, log: log, errands: errands)
        let people = SignInService(store: store, methods: Self.signInMethods(hasher), watch: watch, clock: clock)
        let seal = InteractionSeal(keys: keys)
        let authorize = AuthorizeEndpoint(
            settings: settings, store: store, clients: clients, people: people, seal: seal, clock: clock)
        (self.settings, self.store, self.keys, self.clock, self.log) = (settings, store, keys, clock, log)
        (self.clients, self.people, self.authorize, self.refusals) = (clients, people, authorize, refusals)
        signIn = SignInEndpoint(people: people, seal: seal, authorize: authorize, clock: clock)
        consent = ConsentEndpoint(
            settings: settings, store: store, keys: keys, people: people, standing: standing, clock: clock,
            timelines: authorize.timelines)
        let resources = ResourceAuthentication(store: store, counters: counters)
        let subjects = SubjectTokens(reader: reader, standing: standing)
        let vault = ConnectionVault(keys: keys)
        let provider = ProviderClient(issuer: settings.issuer, outbound: operators)
        let wrongAccounts = WrongAccountLog(store: store, errands: errands)
        let discardedTokens = DiscardedTokenRevocation(client: provider, vault: vault, log: log)
        let excess = ExcessScopeRevocation(discardedTokens: discardedTokens)
        connect = ConnectEndpoint(
            store: store, people: people, standing: standing, client: provider, vault: vault,
            wrongAccounts: wrongAccounts, discardedTokens: discardedTokens, clock: clock, counters: counters, log: log)
        let refresh = ConnectionRefresh(store: store, excess: excess, clock: clock, log: log)
        let exchange = TokenExchangeGrant(
            subjects: subjects, vault: vault, refresh: refresh, excess: excess, clock: clock)
        let grants = Self.grants(settings, keys, authorize.timelines, counters, clock, exchange)
        metadata = MetadataEndpoint(
            issuer: settings.issuer, grantTypes: grants.types, acrValues: people.contexts, keys: keys)
        token = TokenEndpoint(
            store: store, authentication: TokenAuthentication(clients: authentication, resources: resources),
            issuer: TokenIssuer(settings: settings, keys: keys), grants: grants, clock: clock, counters: counters,
            trace: TokenStepTrace(timelines: authorize.timelines, clock: clock))
        revocation = RevocationEndpoint(
            store: store, keys: keys, authentication: authentication, reader: reader, clock: clock)
        introspection = IntrospectionEndpoint(
            store: store.eventLoopReader, standing: standing, authentication: resources, reader: reader,
            lastUses: lastUses,
            clock: clock)
        let services = ElicitationServices(
            vault: vault, providers: provider, people: people, hasher: hasher, counters: counters)
        let signer = EventSigner(issuer: settings.issuer, keys: keys)
        resourceAuthentication = resources
        eventPoll = EventPollEndpoint(
            store: store, signer: signer, waitList: CommitWaitList(store) { $0.streams }, counters: counters,
            clock: clock)
        elicitations = ElicitationEndpoints(
            ElicitationAccess(
                issuer: settings.issuer, store: store, authentication: resources, subjects: subjects,
                services: services, signer: signer, clock: clock),
            waitList: CommitWaitList(store) { $0.elicitations })
        elicitationPage = ElicitationPageEndpoint(
            store: store, keys: keys, people: people, standing: standing, seal: seal, services: services,
            wrongAccounts: wrongAccounts, clock: clock, counters: counters)
        account = AccountEndpoint(
            store: store, keys: keys, people: people, passwords: PasswordSignIn(hasher: hasher), seal: seal,
            revocation: ConnectionRevocation(store: store, client: provider, vault: vault), clock: clock)
    }

    /// The grants that are served; the metadata lists them in this order.
    private static func grants(
        _ settings: Settings, _ keys: KeyRing, _ timelines: AuthorizationTraces, _ counters: Counters,
        _ clock: WallClock,
        _ exchange: TokenExchangeGrant
    ) -> GrantList {
        GrantList([
            AuthorizationCodeGrant(
                standing: exchange.subjects.standing, timelines: timelines, counters: counters, clock: clock),
            RefreshTokenGrant(
                standing: exchange.subjects.standing, keys: keys, grace: settings.tokens.refreshGrace),
            exchange,
        ])
    }

    /// What happened in the latest authorizations.
    package var timelines: AuthorizationTraces { authorize.timelines }
    package var eventVerify: EventVerifyEndpoint { EventVerifyEndpoint(store: store, clock: clock) }
    package var eventStatus: EventStatusEndpoint { EventStatusEndpoint(store: store, clock: clock) }
    package var session: SessionEndpoint {
        SessionEndpoint(store: store, authentication: resourceAuthentication, clock: clock)
    }

    /// Every way to sign in. The password comes last: it reads every form that no other method reads.
    private static func signInMethods(_ hasher: PasswordHasher) -> [any SignInMethod] {
        [PasswordSignIn(hasher: hasher)]
    }
}

extension Gatehouse {
    /// Where MCP servers report who is acting.
    package var checkpoints: CheckpointEndpoint {
        CheckpointEndpoint(
            store: store, authentication: resourceAuthentication, subjects: elicitations.creation.access.subjects,
            clock: clock)
    }

    /// Where they keep the authority for work that goes on.
    package var jobs: JobEndpoint {
        JobEndpoint(
            store: store, authentication: resourceAuthentication, subjects: elicitations.creation.access.subjects,
            clock: clock)
    }

    /// Where they ask before they act by themselves.
    package var evaluation: EvaluationEndpoint { EvaluationEndpoint(creation: elicitations.creation) }
}
