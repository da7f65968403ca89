/// Keys and signatures from the specifications, and some that another library made.
enum Vectors {
    /// RFC 7515 appendix A.1 to A.3.
    static let payload =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    /// RFC 7515 appendix A.2.1, public half.
    static let rs256Key = """
        {"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPM\
        EzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5\
        rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-D\
        WNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}
        """
    /// RFC 7515 appendix A.2.1.
    static let rs256 = """
        eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19\
        yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt\
        _O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb\
        1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI\
        8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw
        """
    /// RFC 7515 appendix A.3.1, public half.
    static let es256Key = """
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue6\
        59LNpXW6pCyStikYjKIWI5a0"}
        """
    /// RFC 7515 appendix A.3.1.
    static let es256 = """
        eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19\
        yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU\
        1Q
        """
    /// RFC 7515 appendix A.5.1.
    static let unsecured = """
        eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19y\
        b290Ijp0cnVlfQ.
        """
    /// RFC 7515 appendix A.1.1.
    static let hs256 = """
        eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9\
        leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
        """
    /// RFC 7638 §3.1 and RFC 7517 appendix A.1.
    static let rfc7638Modulus = """
        0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB\
        ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8\
        KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_\
        xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw
        """
    /// RFC 8037 appendix A.2.
    static let ed25519Key = #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    /// RFC 8037 appendix A.4.
    static let ed25519 = """
        eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6\
        dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg
        """
    /// A key made by the Python package `cryptography`.
    static let ps256Key = """
        {"kty":"RSA","n":"0b__nenNbJr75I8hNRxZzyGcjLxy067xzHxCBF2TACYr-qqdhGkSrEaQYaUt4d_aDiXANZyJ0vrDhhEVRx\
        kzBnLy_GxCUTzPJzh9StjAfiFzIskEt3z54s4bcpRTkAlWv-4jXK0-FY8oVjt3T4fl6bl7xC3m9UDtavTkLPuADVUjkdgGN2hhnz\
        NAA0sUR2-3gXiNutZrcxDiLRtCL517SebqqN4DSIfUD--8m6339jJ_n0wNFoZuPLlOoKEhGqcY0u_wm5OmKEmBLVVlbsAizaABca\
        dZs6PJDdocS6GbLR2Zf1XW6uvhxdy66xR376J8p8z7GjbU6txFMRsW9l-9-w","e":"AQAB"}
        """
    /// Signed by it.
    static let ps256 = """
        eyJhbGciOiJQUzI1NiJ9.eyJhIjoxfQ.URsDaiWx83aXZeEGG_S6hXFm5nOyLvkaOpBdnUuYRn23IC78KcfKf2fxG09j2px-xFTZ\
        S5zGgPAxHj3vWkmJRhFUR6Wj4T0cRT4yMKLmsne5atLK_af82_VxKZbf7dV8HSsarEAZhZh_dOzmnUSczd8s-MRzlf9FzhVsU8jl\
        g3Rt2smIWorvCdMX7FOmdWv12vt4USXDx8eDUhxbsyxAtieUmfjz27jFX2WW61i2GWgnUn2qwBZDhHM-ffz01SNNsllrj46_pWUS\
        cc6eI0PlNoj7WptdzCR1x3RpHtVUSPATSGNEDC1z26EOGIkxp8CqzyMSK6ICd_rKX0OdzMg2gA
        """
    /// Signed by it with a salt of 20 bytes, which RFC 7518 §3.5 does not allow.
    static let ps256ShortSalt = """
        eyJhbGciOiJQUzI1NiJ9.eyJhIjoxfQ.J4CmkQbXr3-cgQ3WpeEa0_xFSTuvw4itbD_mP524BN54ZkY7VQJqniBALnKTqWTJEish\
        UCL5w_LFftxJPN0nYbz4fTMDF5cUYwVT-XVAuevo7cCKHUHkS8lSCqRROrXZYC5rgs6iarpqab7LQNCdRlmuU-0yCk9G1XMrffI9\
        0rRQgECupmVh7CJ6C1GqqBCeOQNMGuoXZSUx5glgzQSQATsebc1iysazqZZ_cZ091OOJMkax38ajC-D0dKqoEjinwGxCOnJVnTxp\
        hthBVWZKxinxyRKGgsZosscYxnKeNIouSWEMHHZPmEd0LvshDbKXRrJ5UUVGGE4nJjaHvRoqFA
        """
    /// A key made by the Python package `cryptography`.
    static let es384Key = """
        {"kty":"EC","crv":"P-384","x":"B7-Oax6BHrdIBB0WrSV0sOuoudVgw7XHAsfugSjCo84KrMXDMwm8PiGySYNXGLGU","y"\
        :"a7jM0D-LtUlX4cYkKOo5N4gtgNfVSXtQvEWKL68ga-Yx6d-r_OPAnSMnG8S38nYR"}
        """
    /// Signed by it.
    static let es384 = """
        eyJhbGciOiJFUzM4NCJ9.eyJhIjoxfQ.2xduCp8rDnbLiFanckQ8pacVGeBFGedgRya7Z0D6hquup7p1ucnFEpbuVqf5bl-k059i\
        OQMi1eNmICmmUgXDhNy7eoDG0JB2l-EEugAoOV7zMzvokYvZDCNMGaC0NcL0
        """
    /// An RSA modulus of 1024 bits.
    static let smallModulus = """
        vu9c1Me0m9lhpJHhjE7NIu3oyJ58mRNMiZA-Kld7EIirwCCmShpibf307HfdUbf0ISFZ3RrQyVdUuCZofclYlpx1S6E07X3b0Hsg\
        ilIYeezgP7A3bIaakyiftRp9iktigTp0So2WhHmRLAJa13gtxfsCHuY0CQGqnofYDBpU1QM
        """
}
