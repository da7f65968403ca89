import OAuth
import Testing

@Suite("A registration that is no longer known")
struct ForgottenRegistrationTests {
    @Test func `the refusal makes a program register anew and tells a user what to do`() throws {
        let id = try ClientID("dyn_" + String(repeating: "a", count: 43))
        let error = OAuthError.forgottenRegistration(id)
        #expect(error.code == .invalidClient && error.saysWhatToDo)
        #expect(
            error.description
                == "This app's registration is no longer known here. Remove this server in the app and add it again.")
        #expect(error.asked(by: id.string).saysWhatToDo)
    }
}
