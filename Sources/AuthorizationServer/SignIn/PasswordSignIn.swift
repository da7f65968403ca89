import JOSE
import OAuth
import Storage

/// Signs a user in by name and password. It reads every form that no other method reads.
struct PasswordSignIn: SignInMethod {
    let hasher: PasswordHasher

    let kind = CredentialKind.password
    let context = AuthenticationContext.password

    func claim(in form: Parameters) throws(OAuthError) -> SignInClaim? {
        let name = AdministrationText.trimmed(try form.value("username") ?? "")
        return claim(name: name, password: Secret(try form.value("password") ?? ""))
    }

    /// The claim that this name and this password make.
    func claim(name: String, password: Secret) -> SignInClaim {
        SignInClaim(method: self, name: AccountName(name), proof: password)
    }

    func prove(_ admitted: AdmittedClaim) async -> SignInMethodResult {
        let credential = admitted.account?.credential
        let hash = credential.flatMap { PasswordHash($0.data) }
        switch await hasher.check(admitted.claim.proof, against: hash, for: admitted.asker) {
        case .busy: return .busy
        case .wrong: return .wrong
        case .right(let stronger):
            guard let account = admitted.account, let credential else { return .wrong }
            return .proven(
                Proof(
                    user: account.user,
                    authentication: Authentication(time: admitted.now, context: context, methods: [.password]),
                    credential: credential, renewed: stronger?.string))
        }
    }
}
