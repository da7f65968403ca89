import AuthorizationServer
import OAuth
import Testing

@testable import gatehouse

@Suite("The doctor about clients that register themselves")
struct RegistrationCheckTests {
    @Test(arguments: RegistrationMode.allCases)
    func `the doctor names the mode and what it means`(mode: RegistrationMode) throws {
        let findings = RegistrationCheck(mode: mode).findings
        #expect(findings.count == 1)
        let finding = try #require(findings.first)
        #expect(finding.detail.contains("('\(mode.rawValue)')"))
        #expect(finding.state == (mode == .open ? .warning : .ok))
    }

    @Test(arguments: RegistrationMode.allCases)
    func `the doctor warns of registration where metadata documents are restricted`(mode: RegistrationMode) throws {
        let finding = try #require(RegistrationCheck(mode: mode, takesEveryDocument: false).findings.first)
        let isOpen = mode == .known || mode == .open
        #expect(finding.state == (isOpen ? .warning : .ok))
        #expect(finding.detail.contains("clients.metadata_documents.allow") == isOpen)
        #expect(finding.detail.contains("('\(mode.rawValue)')"))
    }
}
