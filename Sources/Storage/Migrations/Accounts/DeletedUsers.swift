/// Accounts that were deleted. Their rows stay, without a name, so that what refers to them remains readable and no subject is
/// ever used twice.
enum DeletedUsers {
    static let statements = ["ALTER TABLE users ADD COLUMN deleted_at INTEGER"]
}
