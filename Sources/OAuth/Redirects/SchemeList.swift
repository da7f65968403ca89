/// The schemes of known apps, and the registered schemes.
enum SchemeList {
    /// The private-use schemes of apps that are known to receive OAuth responses. docs/own-schemes.md has the evidence for each; a
    /// test compares the two lists.
    static let known: Set<String> = ["claude", "cursor", "mcpjam", "vscode", "vscode-insiders", "windsurf"]

    /// Schemes that stand in IANA's registry of URI schemes, whatever their status
    /// (https://www.iana.org/assignments/uri-schemes), as of 2026-09-11: taken over from copies of it that were at hand. ftps
    /// and shttp are from lists of other programs.
    static let registered = Set(
        """
        aaa aaas about acap acct acd acr adiumxtra adt aet afp afs agtp aim amss android appdata apt ar ari ark ars
        at attachment aw barion bb beshare bitcoin bitcoincash bl blob bluetooth bolo brid browserext cabal caip
        calculator callto cap cast casts chrome chrome-extension cid cm coap coap+tcp coap+ws coaps coaps+tcp
        coaps+ws com-eventbrite-attendee content content-type crid cstr cttps cvs dab dat data dav dhttp diaspora
        dict did dilithium3 dis dlna-playcontainer dlna-playsingle dnp dns dntp doi donau dpp drm drop dtmi dtn dvb
        dvx dweb ed2k eid elsi embedded ens esim ethereum example ez facetime fax feed feedready fido file
        filesystem finger first-run-pen-experience fish fm ftp ftps fuchsia-pkg gcx gdsi geo gg git gitoid
        gizmoproject go gopher graph grd gtalk h323 ham hcap hcp hs20 http https hxxp hxxps hydrazone hyper i0 iax
        ibi icap icon ilstring im imap info interaction iotdisco ipfs ipn ipns ipp ipps irc irc6 ircs iris iris.beep
        iris.lwz iris.xpc iris.xpcs isostore itms jabber jar jms keyparc lastfm lbry ldap ldaps leaptofrogans lid
        linkid lorawan lpa lvlt machineprovisioningprogressreporter magnet mailserver mailto maps market matrix mdoc
        mdoc-openid4vp message microsoft.windows.camera microsoft.windows.camera.multipicker
        microsoft.windows.camera.picker mid mms modem mongodb moz mqtt mqtts msnim msrp msrps mss mt mtqp mtrust
        mumble mupdate musik mvn mvrp mvrps news nfs ni nih nntp nostr notes npamp num ocf oid onenote onenote-cmd
        opaquelocktoken openid openpgp4fpr otpauth p1 pack palm paparazzi payment payto pkcs11 pkg platform pop pres
        prospero proxy psyc pttp pwid qb query quic-transport redis rediss reload res resource rmi rsync rtmfp rtmp
        rtsp rtsps rtspu sarif secondlife secret-token service session sftp sgn shc shelter shttp sieve simpleledger
        simplex sip sips skype smb smp sms smtp snews snmp soap.beep soap.beeps soldat spacify spiffe spotify ssb
        ssh sss starknet steam stun stuns submit svn swh swid swidpath tag taler teamspeak teapot teapots tel
        teliaeid telnet tftp things thismessage thzp tip tn3270 tool tttps turn turns tv udp unreal upn upt urn ust
        ut2004 uuaid uuid-in-package v-event vemmi ventrilo ves videotex view-source vnc vscode vscode-insiders vsls
        w3 wais wasm wasm-js wcr web+ap web+interaction web3 webcal wifi wpid ws wss wtai wyciwyg xcompute xcon
        xcon-userid xfire xftp xmlrpc.beep xmlrpc.beeps xmpp xrcp xri ymsgr z39.50 z39.50r z39.50s ztdnaid
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
