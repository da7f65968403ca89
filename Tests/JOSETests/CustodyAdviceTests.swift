import JOSE
import Testing

@Suite("Advice about owners and modes")
struct CustodyAdviceTests {
    @Test func `system folders are recognised in every spelling, Gatehouse's folders are not`() {
        for path in [
            "/", "/var", "/var/", "//var//lib", "/run", "/tmp", "/etc", "/usr/local", "/usr/local/lib", "/media",
            "/proc/1", "/./srv",
        ] {
            #expect(SystemFolders.contain(path), "\(path)")
        }
        for path in [
            "/var/gatehouse", "/var/lib/gatehouse", "/var/lib/gatehouse/data", "/srv/gatehouse", "/data",
            "/run/gatehouse", "/tmp/gatehouse", "/opt/gatehouse", "/usr/local/gatehouse", "/keys", "/etc/gatehouse",
        ] {
            #expect(!SystemFolders.contain(path), "\(path)")
        }
    }

    @Test func `chmod is advised only for a folder with nothing but Gatehouse's files`() {
        func advice(_ folder: String, _ names: [String]) -> String {
            CustodyAdvice.shut(folder, mode: 0o755, key: "data", names: names) { $0 == "lock" }
        }
        #expect(advice("/srv/gatehouse", ["lock"]).hasSuffix("run chmod 700 /srv/gatehouse"))
        #expect(advice("/srv/gatehouse", []).hasSuffix("run chmod 700 /srv/gatehouse"))
        for said in [advice("/srv/gatehouse", ["lock", "www"]), advice("/var", []), advice("/var", ["lock"])] {
            #expect(!said.contains("chmod") && said.contains("set 'data' to a folder of Gatehouse's own"), "\(said)")
        }
    }

    @Test func `the advice about another user's folder depends on the reader`() {
        func advice(_ path: String, owner: UInt32, reader: UInt32) -> String {
            CustodyAdvice.foreign(path, owner: owner, reader: reader, key: "data")
        }
        #expect(advice("/srv/g", owner: 65_534, reader: 0).contains("runuser -u nobody -- gatehouse"))
        #expect(advice("/srv/g", owner: 65_534, reader: 1).contains("sudo -u nobody gatehouse"))
        for said in [advice("/srv/g", owner: 0, reader: 1), advice("/var/mail", owner: 65_534, reader: 0)] {
            #expect(!said.contains("run this as"), "\(said)")
        }
        for (owner, reader) in [(0, 1), (1, 0), (65_534, 1)] as [(UInt32, UInt32)] {
            #expect(!advice("/srv/g", owner: owner, reader: reader).contains("chown"))
        }
    }
}
