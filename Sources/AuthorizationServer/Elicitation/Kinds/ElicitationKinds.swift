import JOSE
import OAuth

extension ElicitationKind {
    /// The strategy of this kind. No other place of the server branches on the kind.
    var strategy: any ElicitationStrategy.Type {
        switch self {
        case .confirm: ConfirmElicitation.self
        case .secret: SecretElicitation.self
        case .connect: ConnectElicitation.self
        case .external: ExternalElicitation.self
        }
    }
}

/// The services that the strategies use.
struct ElicitationServices: Sendable {
    let vault: ConnectionVault
    let providers: ProviderClient
    let people: SignInService
    let hasher: PasswordHasher
    let observer: Observer

    var keys: KeyRing { vault.keys }
    var issuer: Issuer { providers.issuer }
    var clock: WallClock { people.clock }

    /// The strategy of a kind, with these services.
    subscript(kind: ElicitationKind) -> any ElicitationStrategy { kind.strategy.init(self) }
}
