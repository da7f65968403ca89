import JOSE
import OAuth

extension ElicitationKind {
    /// The strategy of this kind: the one place of the server that tells kinds apart.
    var strategy: any ElicitationStrategy.Type {
        switch self {
        case .confirm: ConfirmElicitation.self
        case .secret: SecretElicitation.self
        case .connect: ConnectElicitation.self
        case .external: ExternalElicitation.self
        }
    }
}

/// What the kinds of elicitations work with.
struct ElicitationServices: Sendable {
    let vault: ConnectionVault
    let providers: ProviderClient
    let people: SignInService
    let hasher: PasswordHasher
    let observer: Observer

    var keys: KeyRing { vault.keys }
    var issuer: Issuer { providers.issuer }
    var clock: WallClock { people.clock }

    /// The strategy of a kind, ready to work.
    subscript(kind: ElicitationKind) -> any ElicitationStrategy { kind.strategy.init(self) }
}
