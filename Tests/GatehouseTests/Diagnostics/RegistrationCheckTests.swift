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
}
