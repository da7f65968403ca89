import JOSE
import OAuth
import Storage

/// A way to sign in, such as a password. A new one is a file in this folder and a line in the list of `Gatehouse`.
///
/// A method reads its part of the sign-in page and checks the proof. `SignInService` does the rest for all methods: the sealed
/// request, the limits on attempts, the count and the log of failures, the login. Only the service makes an `AdmittedClaim`, so
/// no caller can check a proof without these.
protocol SignInMethod: Sendable {
    /// The kind of the method's credentials, which is also its name in the log and in the metrics.
    var kind: CredentialKind { get }
    /// The `acr` of a sign-in by this method. The metadata lists those of all methods as `acr_values_supported`.
    var context: AuthenticationContext { get }

    /// Reads the method's fields of the sign-in page; nil when the form belongs to another method.
    func claim(in form: Parameters) throws(OAuthError) -> SignInClaim?

    /// Checks the proof. The check must cost the same whether or not the account exists or has a credential; its time would
    /// otherwise reveal which names have an account.
    func prove(_ admitted: AdmittedClaim) async -> SignInMethodResult
}

/// An account name and a proof, as the sign-in page submits them.
struct SignInClaim: Sendable {
    /// The method that reads the proof.
    let method: any SignInMethod
    /// The account name as typed. Failures count under it, whether or not an account has it.
    let name: AccountName
    /// For example a password, a code or an assertion.
    let proof: Secret
}

/// The result of a sign-in method.
enum SignInMethodResult: Sendable {
    case proven(Proof)
    case wrong
    /// Too many proofs are being checked; this one was not checked.
    case busy
}

/// A proven sign-in: the user, and how, how strongly, when and by whom the user was authenticated.
struct Proof: Sendable {
    let user: User
    let authentication: Authentication
    /// The credential that proved it.
    let credential: Credential
    /// The new data of the credential, for a method that renews it: a stronger hash, a counter; nil to keep the data.
    let renewed: String?
}
