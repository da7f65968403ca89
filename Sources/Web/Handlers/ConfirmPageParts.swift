import AuthorizationServer
import OAuth

extension ElicitationPage.Action {
    /// The action of a `confirm`; nil for the other kinds.
    init?(_ part: any ElicitationSection) {
        guard let action = part as? ElicitationAction else { return nil }
        self.init(
            name: action.name, summary: action.summary,
            details: action.details.map { ElicitationPage.Detail(label: $0.label, value: $0.value) },
            arguments: action.arguments)
    }
}
