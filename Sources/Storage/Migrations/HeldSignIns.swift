/// An index of the audit records that password guessing held up sign-ins to an account.
enum HeldSignIns {
    static let statements = [
        "CREATE INDEX held_sign_ins ON audit (user_id, at) WHERE action = 'person.sign_in_held'"
    ]
}
