import JOSE
import OAuth
import Storage

/// A way to prove a person, such as a password. A new one is a file in this folder and a line in the list of `Gatehouse`.
///
/// A method reads its part of the sign-in page and checks the proof. Everything else is the same for all of them and belongs to
/// `SignInService`: the sealed request, the budgets of tries, the count and the log of failures, the login. An `AdmittedClaim` comes
/// from there alone, so a method cannot be asked without them.
protocol SignInMethod: Sendable {
    /// The kind of its credentials, and its name in the log and in the metrics.
    var kind: CredentialKind { get }
    /// What a sign-in by this method comes to; metadata lists those of all methods as `acr_values_supported`.
    var context: AuthenticationContext { get }

    /// Reads its part of the sign-in page; nil when the form belongs to another method.
    func claim(in form: Parameters) throws(OAuthError) -> SignInClaim?

    /// Checks the proof. It must cost the same whether or not the account exists or has a credential.
    func prove(_ admitted: AdmittedClaim) async -> SignInMethodResult
}

/// Who somebody says they are, and what they submit as proof.
struct SignInClaim: Sendable {
    /// The method that reads the proof.
    let method: any SignInMethod
    /// The name of the account. Failures count under it, whether an account has it or not.
    let name: AccountName
    /// A password, a code, an assertion.
    let proof: Secret
}

/// What a sign-in method found out.
enum SignInMethodResult: Sendable {
    case proven(Proof)
    case wrong
    /// Too many proofs are being checked already; this one was not looked at.
    case busy
}

/// That somebody is who they say: who, and how, how strongly, when and by whom that was established.
struct Proof: Sendable {
    let user: User
    let authentication: Authentication
    /// The credential that proved it.
    let credential: Credential
    /// What the credential holds from now on, if the method renews it: a stronger hash, a counter.
    let renewed: String?
}
