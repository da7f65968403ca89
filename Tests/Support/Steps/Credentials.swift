import JOSE
package import Storage

extension Credential {
    /// A password, hashed at the least cost.
    package static func password(_ password: String, of user: User) -> Credential {
        let hash = PasswordHash.make(Secret(password), cost: .cheapForTests).string
        return Credential(userID: user.id, kind: .password, data: hash, createdAt: user.createdAt)
    }
}
