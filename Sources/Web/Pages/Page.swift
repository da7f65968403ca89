/// What one template shows: a plain struct whose members are the only names that the template can use.
///
/// Members are `PlainText`, `Bool`, structs of these, arrays and optionals; anything else is refused at start, because
/// a `String` could carry what `PlainText` takes out and a closure could write raw HTML.
package protocol Page: Sendable {
    /// The template's name: its file in the templates folder without the extension.
    static var template: String { get }

    /// A page with every optional filled and every list with an entry, rendered once at start.
    static var sample: Self { get }

    /// Whether the page has a form, which says where it comes from when it is sent. A page that carries a code or a ticket
    /// has none.
    static var hasForm: Bool { get }
}

extension Page {
    package static var hasForm: Bool { false }
}

/// The pages that Gatehouse has: what is checked at start, and what a replacement of the templates has to serve.
package enum Pages {
    package static let all: [any Page.Type] = [
        SignInPage.self, ConsentPage.self, HandOffPage.self, ReturnPage.self, FinishedPage.self, ExpiredPage.self,
        ErrorPage.self,
        ElicitationPage.self, ElicitationEndPage.self, WrongAccountPage.self, AccountPage.self,
    ]
}
