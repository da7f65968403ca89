/// Links that have to be taken at an identity provider, if any with a verified address.
enum ProviderInvitations {
    static let statements = [
        // No reference to the provider's row: the link outlives it, so that its page can say that it is not valid any more.
        "ALTER TABLE account_links ADD COLUMN provider TEXT",
        "ALTER TABLE account_links ADD COLUMN email TEXT CHECK (email IS NULL OR provider IS NOT NULL)",
    ]
}
