/// The data of one template: a plain struct whose members are the only names that the template can use.
///
/// Members are `PlainText`, `Bool`, structs of these, arrays and optionals. The server refuses anything else at start: a `String`
/// could carry what `PlainText` removes, and a closure could write raw HTML. Operators may replace templates, so the names of
/// members are an interface.
///
/// A member `hasX` tells whether the list `X` has entries. A template needs it for the heading of a list, because a Mustache section
/// over the list itself repeats its content for each entry.
package protocol Page: Sendable {
    /// The name of the template: its file in the templates folder without the extension.
    static var template: String { get }

    /// A page whose optionals are set and whose lists have an entry. The renderer checks the template with it at start.
    static var sample: Self { get }

    /// Whether the page has a form. Its referrer policy then lets the browser send the origin with the form. A page with a code or
    /// a ticket in a link must have none.
    static var hasForm: Bool { get }
}

extension Page {
    package static var hasForm: Bool { false }
}

/// The list of all pages, whose templates the renderer checks at start.
package enum Pages {
    package static let all: [any Page.Type] = [
        SignInPage.self, ConsentPage.self, HandOffPage.self, ReturnPage.self, FinishedPage.self, ExpiredPage.self,
        ErrorPage.self, NoAccessPage.self,
        ElicitationPage.self, ElicitationEndPage.self, WrongAccountPage.self, AccountPage.self, IdentitiesPage.self,
        DevicePage.self, DeviceRequestPage.self, DeviceEndPage.self,
        AccountLinkPage.self, PasswordSetPage.self, InvitationPage.self, SignedOutPage.self,
    ]
}
