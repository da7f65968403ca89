PRAGMA application_id = 1197569125;
PRAGMA foreign_keys = OFF;
BEGIN TRANSACTION;
CREATE TABLE audit (
    sequence INTEGER NOT NULL PRIMARY KEY CHECK (sequence > 0),
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    user_id TEXT,
    client_id TEXT,
    resource_id TEXT,
    session_id TEXT,
    outcome TEXT NOT NULL,
    reason TEXT,
    initiator TEXT NOT NULL CHECK (initiator IN ('human', 'model', 'server', 'system')),
    evidence TEXT NOT NULL CHECK (evidence IN ('witnessed', 'reported')),
    reported_by TEXT,
    correlation TEXT,
    admin_uid INTEGER,
    admin_claimed TEXT,
    previous BLOB NOT NULL CHECK (length(previous) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32), format INTEGER NOT NULL DEFAULT 1 CHECK (format IN (1, 2)), trace TEXT, personal BLOB CHECK (length(personal) = 32),
    CHECK ((evidence = 'reported') = (reported_by IS NOT NULL))
) STRICT;
INSERT INTO "audit" VALUES(1,1796032158,'admin','user.added','usr_cA6A-MFWbm6ClyQNCrzdJA',NULL,NULL,NULL,'success',NULL,'human','witnessed',NULL,NULL,0,NULL,X'0000000000000000000000000000000000000000000000000000000000000000',X'4A24D8FBD03D04CC3E53AA5D8735314BEFEF2AE2E1B32A51FC4A3D637FA4B5EA',2,'b2e5e2deefc8fa99d67256f50a1e842f',NULL);
INSERT INTO "audit" VALUES(2,1796032158,'admin','resource.added',NULL,NULL,'res_q4D7QXo8ZSFviNsCw6iPag',NULL,'success',NULL,'human','witnessed',NULL,NULL,0,NULL,X'4A24D8FBD03D04CC3E53AA5D8735314BEFEF2AE2E1B32A51FC4A3D637FA4B5EA',X'7FD24DD7F0B627999765E5C158D26610BF3E371AECB4375F86CA28313450E12D',2,'39680c63e47b5a12a53b1754614008ed',NULL);
INSERT INTO "audit" VALUES(3,1796032159,'admin','resource.policy_changed',NULL,NULL,'res_q4D7QXo8ZSFviNsCw6iPag',NULL,'success',NULL,'human','witnessed',NULL,NULL,0,NULL,X'7FD24DD7F0B627999765E5C158D26610BF3E371AECB4375F86CA28313450E12D',X'FDD106B9A456047CB2DDB64327D3ED0B9B55796085DA3A4504E02BBF9B436762',2,'09252dea75e1175da38a214563506c3a',NULL);
INSERT INTO "audit" VALUES(4,1796032159,'person:usr_cA6A-MFWbm6ClyQNCrzdJA','person.signed_in','usr_cA6A-MFWbm6ClyQNCrzdJA',NULL,NULL,NULL,'success',NULL,'human','witnessed',NULL,NULL,NULL,NULL,X'FDD106B9A456047CB2DDB64327D3ED0B9B55796085DA3A4504E02BBF9B436762',X'CA328992FB9B7D8F20864158D21587E7608A685ED2DBD0D1407B1026C1036607',2,'c0b67fc80bca9a9d12d1e4e4b5ec307c',X'F84B32CE1270CD0D056CFC53DB8995FE78F26AB8996106B5A875B31D8C0845F3');
INSERT INTO "audit" VALUES(5,1796032159,'person:usr_cA6A-MFWbm6ClyQNCrzdJA','session.approved','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_q_6t_3SFg14q2K6sAWqljw','success',NULL,'human','witnessed',NULL,NULL,NULL,NULL,X'CA328992FB9B7D8F20864158D21587E7608A685ED2DBD0D1407B1026C1036607',X'0122D37CAFB7E18614104BE8B578FC17048C305E26DC0FF9003EF9B9DEF66E72',2,'99af9d2da663da0ec9a0819354226f8a',NULL);
INSERT INTO "audit" VALUES(6,1796032159,'client:https://localhost:51163/notebook.json','token.issued','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_q_6t_3SFg14q2K6sAWqljw','success',NULL,'model','witnessed',NULL,NULL,NULL,NULL,X'0122D37CAFB7E18614104BE8B578FC17048C305E26DC0FF9003EF9B9DEF66E72',X'AE0BD3084ACBA7B8CF0463582D0D4E80485D52214BEB262434A7BC5F1DE305B5',2,'3b9d36e0bfa56d54af227d395df8591e',NULL);
INSERT INTO "audit" VALUES(7,1796032159,'person:usr_cA6A-MFWbm6ClyQNCrzdJA','session.approved','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success',NULL,'human','witnessed',NULL,NULL,NULL,NULL,X'AE0BD3084ACBA7B8CF0463582D0D4E80485D52214BEB262434A7BC5F1DE305B5',X'2D665FC19447F3EE4D0D500E65D9150BAA1FB3935F0AEE977110B1D06ACF86F6',2,'96120d9b05e8b3d51d9d8071878d9c63',NULL);
INSERT INTO "audit" VALUES(8,1796032159,'person:usr_cA6A-MFWbm6ClyQNCrzdJA','session.ended','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_q_6t_3SFg14q2K6sAWqljw','success','replaced by ses_Es5LxTSZjgS1AYY9yc_DpA','human','witnessed',NULL,NULL,NULL,NULL,X'2D665FC19447F3EE4D0D500E65D9150BAA1FB3935F0AEE977110B1D06ACF86F6',X'9D664DEB29759E531DFCE954BCA2B3806B67A8FAD38EC3715664FDE183534293',2,'c212cfff0c5e30c34a944d1a278a6143',NULL);
INSERT INTO "audit" VALUES(9,1796032159,'client:https://localhost:51163/notebook.json','token.issued','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success',NULL,'model','witnessed',NULL,NULL,NULL,NULL,X'9D664DEB29759E531DFCE954BCA2B3806B67A8FAD38EC3715664FDE183534293',X'A5AFF29A53FA07E2834BE4C5345C53FEFBFA6AFE69FCB4415E16F065DB6130F9',2,'c212cfff0c5e30c34a944d1a278a6143',NULL);
INSERT INTO "audit" VALUES(10,1796032159,'client:https://localhost:51163/notebook.json','token.refreshed','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success',NULL,'model','witnessed',NULL,NULL,NULL,NULL,X'A5AFF29A53FA07E2834BE4C5345C53FEFBFA6AFE69FCB4415E16F065DB6130F9',X'FE05C6233E34A629274EC6CCD2D4A4E6108B4E1BCF8571781A4452502325EC54',2,'2d1cf7f886ffeec7bcc60560b2dfa61e',NULL);
INSERT INTO "audit" VALUES(11,1796032159,'resource:res_q4D7QXo8ZSFviNsCw6iPag','elicitation.created','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success',NULL,'server','witnessed',NULL,'eli_7VmkMdB8-Lg78LB7HORYdg',NULL,NULL,X'FE05C6233E34A629274EC6CCD2D4A4E6108B4E1BCF8571781A4452502325EC54',X'1CF7A055F539EAF2EA3705D290C1ABF0EC990C8BDB59511210C8CEB94F6CAFAF',2,'0a732210b63eebcb8bfcb2fe1ea0295a',NULL);
INSERT INTO "audit" VALUES(12,1796032160,'person:usr_cA6A-MFWbm6ClyQNCrzdJA','elicitation.completed','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success',NULL,'human','witnessed',NULL,'eli_7VmkMdB8-Lg78LB7HORYdg',NULL,NULL,X'1CF7A055F539EAF2EA3705D290C1ABF0EC990C8BDB59511210C8CEB94F6CAFAF',X'3ADB340340BC1FD8B279B6E9751AC93F9F8736E062EE18CB4ACF803F666EF5D4',2,'42a60eb684bf81067c4609a079672b12',NULL);
INSERT INTO "audit" VALUES(13,1796032160,'resource:res_q4D7QXo8ZSFviNsCw6iPag','elicitation.collected','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success',NULL,'server','witnessed',NULL,'eli_7VmkMdB8-Lg78LB7HORYdg',NULL,NULL,X'3ADB340340BC1FD8B279B6E9751AC93F9F8736E062EE18CB4ACF803F666EF5D4',X'F1648E990F092E08CC0B4EDF4E52EB988547EABDCCC79F04BAFD595886B9258D',2,'92d12f995e5952db4cbb56f7426b73f6',NULL);
INSERT INTO "audit" VALUES(14,1796032160,'admin','resource.policy_changed',NULL,NULL,'res_q4D7QXo8ZSFviNsCw6iPag',NULL,'success',NULL,'human','witnessed',NULL,NULL,0,NULL,X'F1648E990F092E08CC0B4EDF4E52EB988547EABDCCC79F04BAFD595886B9258D',X'9D92046C9CC95C34F3700915DCD0E5A40616866E5587C890A492E090E0F95D39',2,'debf28c051999965b6bbb289dba4dc6d',NULL);
INSERT INTO "audit" VALUES(15,1796032160,'resource:res_q4D7QXo8ZSFviNsCw6iPag','elicitation.created','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success',NULL,'server','witnessed',NULL,'eli_9ox3H3Zmje2hrUT1O0ADNg',NULL,NULL,X'9D92046C9CC95C34F3700915DCD0E5A40616866E5587C890A492E090E0F95D39',X'E3CA2ADABE96C7FC9D80EA3A1D6B94A24188230AC9392BAA9CA806BE063009BA',2,'4f583a2fb74842928f2b8f1158d144cf',NULL);
INSERT INTO "audit" VALUES(16,1796032160,'person:usr_cA6A-MFWbm6ClyQNCrzdJA','elicitation.completed','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success',NULL,'human','witnessed',NULL,'eli_9ox3H3Zmje2hrUT1O0ADNg',NULL,NULL,X'E3CA2ADABE96C7FC9D80EA3A1D6B94A24188230AC9392BAA9CA806BE063009BA',X'ADB2F4365B2A617C9AB87FE0CEAE30B9C3AED2263C16139E6FA1EE269E536B99',2,'38d3727a54a0c775a0f5ad6b2cffbd10',NULL);
INSERT INTO "audit" VALUES(17,1796032160,'resource:res_q4D7QXo8ZSFviNsCw6iPag','elicitation.read','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success',NULL,'server','witnessed',NULL,'eli_9ox3H3Zmje2hrUT1O0ADNg',NULL,NULL,X'ADB2F4365B2A617C9AB87FE0CEAE30B9C3AED2263C16139E6FA1EE269E536B99',X'ED3C25E22369A3FB4BB0882AD10790200E2A41422F2B76FA8759D0E291F6BB8D',2,'137039f7954e69e86e52c43877724d04',NULL);
INSERT INTO "audit" VALUES(18,1796032160,'resource:res_q4D7QXo8ZSFviNsCw6iPag','elicitation.collected','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success',NULL,'server','witnessed',NULL,'eli_9ox3H3Zmje2hrUT1O0ADNg',NULL,NULL,X'ED3C25E22369A3FB4BB0882AD10790200E2A41422F2B76FA8759D0E291F6BB8D',X'3AF3CFE04598CAD9EBEFD5717FB7B4B4AAB76B25732B5A4EA3D4959E06316CCC',2,'7e6ead1be19226ff1d60984f701bd808',NULL);
INSERT INTO "audit" VALUES(19,1796032161,'admin','user.added','usr_5jLW__Nxx5XOe7l1Fs9jSQ',NULL,NULL,NULL,'success',NULL,'human','witnessed',NULL,NULL,0,NULL,X'3AF3CFE04598CAD9EBEFD5717FB7B4B4AAB76B25732B5A4EA3D4959E06316CCC',X'9BBECCFCB804D15142AE31E8670E565136ADCCDE5A80E0D445514BD6A10BBEC6',2,'52db77ea8f46865041af3306511daf0f',NULL);
INSERT INTO "audit" VALUES(20,1796032161,'resource:res_q4D7QXo8ZSFviNsCw6iPag','elicitation.created','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success',NULL,'server','witnessed',NULL,'eli_9U0yrM-_up6YWoXxARtt1g',NULL,NULL,X'9BBECCFCB804D15142AE31E8670E565136ADCCDE5A80E0D445514BD6A10BBEC6',X'947C7A875FC3BB89D5F9A97D8FA7D4DCAD0F41FA20109A835B091DBC8F0F300B',2,'dfe75ebcc1ab965ffd072f8e5bd181c3',NULL);
INSERT INTO "audit" VALUES(21,1796032161,'person:usr_5jLW__Nxx5XOe7l1Fs9jSQ','person.signed_in','usr_5jLW__Nxx5XOe7l1Fs9jSQ',NULL,NULL,NULL,'success',NULL,'human','witnessed',NULL,NULL,NULL,NULL,X'947C7A875FC3BB89D5F9A97D8FA7D4DCAD0F41FA20109A835B091DBC8F0F300B',X'6F46745B66C37FAD0E9BC8617F85800F235A02CA243E42CB8206705AEBA7EA4C',2,'69abd153e136b5d5c1cbf1701245171f',X'D4186F0A3B73B0C38760C67FB3165C7A3F3FC0AF5B971102BA0CA6FDF19212CB');
INSERT INTO "audit" VALUES(22,1796032161,'person:usr_5jLW__Nxx5XOe7l1Fs9jSQ','elicitation.wrong_person','usr_5jLW__Nxx5XOe7l1Fs9jSQ','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','refused','opened with another account than the one that was asked','human','witnessed',NULL,'eli_9U0yrM-_up6YWoXxARtt1g',NULL,NULL,X'6F46745B66C37FAD0E9BC8617F85800F235A02CA243E42CB8206705AEBA7EA4C',X'28EB2AF8A1C743E94498C93D411CAEBAB2680B3801978B1E4663B3B40037951C',2,'57e3ae4f67da16ce47e5e0b6b32df1fd',NULL);
INSERT INTO "audit" VALUES(23,1796032161,'resource:res_q4D7QXo8ZSFviNsCw6iPag','elicitation.cancelled','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success','resource','server','witnessed',NULL,'eli_9U0yrM-_up6YWoXxARtt1g',NULL,NULL,X'28EB2AF8A1C743E94498C93D411CAEBAB2680B3801978B1E4663B3B40037951C',X'384DEEB70A0600BA7094B48B3FF94BFD354C47AAEA272182004F159165494ACB',2,'6250d8f508c594772ce49af832a30c32',NULL);
INSERT INTO "audit" VALUES(24,1796032161,'admin','resource.policy_changed',NULL,NULL,'res_q4D7QXo8ZSFviNsCw6iPag',NULL,'success',NULL,'human','witnessed',NULL,NULL,0,NULL,X'384DEEB70A0600BA7094B48B3FF94BFD354C47AAEA272182004F159165494ACB',X'FC868E503F236DA0A8C08B9666E45567AE11C12DF9D3AE7665F75437FCA29DA0',2,'a02c5e304fac105bf6264b90e1b1d5ff',NULL);
INSERT INTO "audit" VALUES(25,1796032161,'resource:res_q4D7QXo8ZSFviNsCw6iPag','job.opened','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success','expenses.submit','server','witnessed',NULL,'job_Tn3p90wJn55Bg-MMbnrpwg',NULL,NULL,X'FC868E503F236DA0A8C08B9666E45567AE11C12DF9D3AE7665F75437FCA29DA0',X'1F49459736BD79C52F90B2DD5A5C2153ACF7C84C049D89B2170AF244F2A482FA',2,'6a67c1f8ef788de967ba7f292659debd',X'63F7F2E8A2AE883ECCA831985205EA4A0F7BF2593A64EA5E60606B34AA58D0CB');
INSERT INTO "audit" VALUES(26,1796032162,'resource:res_q4D7QXo8ZSFviNsCw6iPag','action.evaluated','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success','allowed expenses.submit','server','witnessed',NULL,'job_Tn3p90wJn55Bg-MMbnrpwg',NULL,NULL,X'1F49459736BD79C52F90B2DD5A5C2153ACF7C84C049D89B2170AF244F2A482FA',X'6384E9983FF633B9C1EB066274E425F7217E0651C97D64635BA34D6140D4EB78',2,'ec2977c6c24131add8d7d62f22e53337',X'062E8340D8E1A917A5271FBEEFCC694F31C727CB81303656790971ABD9A1B855');
INSERT INTO "audit" VALUES(27,1796032163,'admin','session.ended','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success','revoked_by_admin','human','witnessed',NULL,NULL,0,NULL,X'6384E9983FF633B9C1EB066274E425F7217E0651C97D64635BA34D6140D4EB78',X'0AC6982963F3595A47BF47F455C263203E45E4F55BB4CBFC773D36BE509047CB',2,'a60af8a55094bdcd3c6d68ba56cb3903',X'424E6338E7797AF5F6E59E987A0A40E91018348F0B99BD8E2228D6AAF7090D85');
INSERT INTO "audit" VALUES(28,1796032163,'system','job.ended','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','success','session_ended','system','witnessed',NULL,'job_Tn3p90wJn55Bg-MMbnrpwg',NULL,NULL,X'0AC6982963F3595A47BF47F455C263203E45E4F55BB4CBFC773D36BE509047CB',X'B47907825782D49133F501B34E375C93FAF29116EF7C7C2B8C2EED3D75CBF663',2,'a60af8a55094bdcd3c6d68ba56cb3903',NULL);
INSERT INTO "audit" VALUES(29,1796032163,'resource:res_q4D7QXo8ZSFviNsCw6iPag','action.evaluated','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_Es5LxTSZjgS1AYY9yc_DpA','refused','the job has ended','server','witnessed',NULL,'job_Tn3p90wJn55Bg-MMbnrpwg',NULL,NULL,X'B47907825782D49133F501B34E375C93FAF29116EF7C7C2B8C2EED3D75CBF663',X'AD497672D3244DE8393E8856094F5879FECB476DFE8468E2D6F771749610A399',2,'36f087e9c585e5b2a147a3bbf1bf5651',X'4353558CA17B386C9D174F0AE05812B6760F88FAD48EA95E0CB266BB0EC89CF4');
INSERT INTO "audit" VALUES(30,1796032192,'admin','client.added',NULL,'desk',NULL,NULL,'success',NULL,'human','witnessed',NULL,NULL,0,NULL,X'AD497672D3244DE8393E8856094F5879FECB476DFE8468E2D6F771749610A399',X'06EE78B1B91B176FB60DE0289D474F1C6B8D8560F60D131890109F6425F92D7E',2,'3917b69c617b951c2e3cc43ca4f25d89',NULL);
INSERT INTO "audit" VALUES(31,1796032192,'admin','client.added',NULL,'cli',NULL,NULL,'success',NULL,'human','witnessed',NULL,NULL,0,NULL,X'06EE78B1B91B176FB60DE0289D474F1C6B8D8560F60D131890109F6425F92D7E',X'CCE9A99AB1048F4437EE81EA038E65EA74F7A7FD1A909E354CCB30B6E2E2625F',2,'dbdf4d474a1b64dae69e067572d77d0c',NULL);
INSERT INTO "audit" VALUES(32,1796032192,'admin','client.allowed',NULL,NULL,NULL,NULL,'success','host good.example','human','witnessed',NULL,NULL,0,NULL,X'CCE9A99AB1048F4437EE81EA038E65EA74F7A7FD1A909E354CCB30B6E2E2625F',X'1644B3398D1A1C5B8B1C075983BB8619B1AD155A45684B91598371C6B8442ADF',2,'ac9925ad74957e7b8dcded70c3079e08',NULL);
INSERT INTO "audit" VALUES(33,1796032199,'admin','client.blocked',NULL,NULL,NULL,NULL,'success','host evil.example','human','witnessed',NULL,NULL,0,NULL,X'1644B3398D1A1C5B8B1C075983BB8619B1AD155A45684B91598371C6B8442ADF',X'EC3B5BFBDCF63DF5864D883D966C4480FA145B84C26587FD59E9658FF90C80C5',2,'8fcb27d65d60ccd055e8caa1ba947206',NULL);
INSERT INTO "audit" VALUES(34,1796032218,'system','audit.key_used',NULL,NULL,NULL,NULL,'success','n6MDE2CfnWWVgYN6STJHa0Jhoz63XlM9ut1iJ9X4ppc','system','witnessed',NULL,NULL,NULL,NULL,X'EC3B5BFBDCF63DF5864D883D966C4480FA145B84C26587FD59E9658FF90C80C5',X'5ADF7645221AC0284BA3A939BF8222312CAC3C4DFC3814032794F48E73AF6908',2,'a272ba64fca9ff4029306eebb085fa6e',NULL);
INSERT INTO "audit" VALUES(35,1796032233,'admin','provider.added',NULL,NULL,NULL,NULL,'success','provider hub','human','witnessed',NULL,NULL,0,NULL,X'5ADF7645221AC0284BA3A939BF8222312CAC3C4DFC3814032794F48E73AF6908',X'0754B336959928470FFC44683C608C4FCB47D3B792B8F5C892D424139FC7F8E6',2,'eb7a500bcef7629907f8f597fe3d69ad',X'16BB4C95C5A4D6D2E247A74398B6BEB3AD5828D616CC54ECAF998DD721AECC18');
INSERT INTO "audit" VALUES(36,1796032233,'admin','provider.allowed',NULL,NULL,'res_q4D7QXo8ZSFviNsCw6iPag',NULL,'success','provider hub: repo','human','witnessed',NULL,NULL,0,NULL,X'0754B336959928470FFC44683C608C4FCB47D3B792B8F5C892D424139FC7F8E6',X'B5A65C0A211FD6BDDEA057BECD4F052E8A5C69F325D8B800D469FD9D7E6BE45B',2,'bfca01eb55646852d03ff784912dcf1e',NULL);
CREATE TABLE audit_bases (
    chain TEXT NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT, WITHOUT ROWID;
INSERT INTO "audit_bases" VALUES('res_q4D7QXo8ZSFviNsCw6iPag',4,X'A2B360096F137FC59D82B5AC580E611CA8CF38A114E63C07ED68E3E16C88F79E');
CREATE TABLE audit_checkpoints (
    chain TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    at INTEGER NOT NULL,
    kid TEXT NOT NULL,
    signed TEXT NOT NULL,
    PRIMARY KEY (chain, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO "audit_checkpoints" VALUES('main',34,X'5ADF7645221AC0284BA3A939BF8222312CAC3C4DFC3814032794F48E73AF6908',1796032218,'n6MDE2CfnWWVgYN6STJHa0Jhoz63XlM9ut1iJ9X4ppc','eyJ0eXAiOiJnYXRlaG91c2UtYXVkaXQtY2hlY2twb2ludCtqd3QiLCJhbGciOiJFUzI1NiIsImtpZCI6Im42TURFMkNmbldXVmdZTjZTVEpIYTBKaG96NjNYbE05dXQxaUo5WDRwcGMiLCJqd2siOnsiY3J2IjoiUC0yNTYiLCJrdHkiOiJFQyIsIngiOiI3NEduTThtdXByWXdTVmY5RzdocVR6bXJPT3BQanl6X2U2SVdHeml5dTlvIiwieSI6InkzUVlMek5SZVpxUGhyRWVXNGRjX1FkUWNDeEdMRWZRRVEwamNJX042VGMiLCJ1c2UiOiJzaWciLCJhbGciOiJFUzI1NiIsImtpZCI6Im42TURFMkNmbldXVmdZTjZTVEpIYTBKaG96NjNYbE05dXQxaUo5WDRwcGMifX0.eyJpYXQiOjE3OTYwMzIyMTgsImNoYWluIjoibWFpbiIsInNlcXVlbmNlIjozNCwiaGFzaCI6Ild0OTJSU0lhd0NoTG82azV2NElpTVN5c1BFMzhPQlFESjVUMGpuT3ZhUWcifQ.9Nk0uyVJEG50Edhrl8NnIzB6pXtFCQIHRNhHaeDqmZFYsxHRbXIuEG1oYJLq9KFCvBqdmEpoR_iVo7D09bpVCA');
CREATE TABLE audit_personal (
    chain TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    field TEXT NOT NULL CHECK (field IN ('address', 'claimed', 'explanation')),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    salt BLOB CHECK (length(salt) = 16),
    value TEXT,
    erased_by INTEGER,
    PRIMARY KEY (chain, sequence, field),
    CHECK ((erased_by IS NULL) = (salt IS NOT NULL) AND (erased_by IS NULL) = (value IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO "audit_personal" VALUES('main',4,'address',X'A56AD0567F8A9C5C1A925AB34FE610EED8FA39B6E5AC611228FDFF46C3AABF3A',X'6145B805197C491A02BAA3AC298D992C','127.0.0.1',NULL);
INSERT INTO "audit_personal" VALUES('main',21,'address',X'999EB702D0A1B25AE460B866A26AAE42DCE221295D87B32B00941C6997E9DBBE',X'B18280CB29C22078859354CC861D99FB','127.0.0.1',NULL);
INSERT INTO "audit_personal" VALUES('main',25,'explanation',X'D39F4004501033CD13C6567CF7C8B8B3EE6E4283D992F31CF6ED237A0D42776A',X'AE0419D0DC5FC83F78C30C97BA871EF4','Submit 50 expenses',NULL);
INSERT INTO "audit_personal" VALUES('main',26,'explanation',X'5E5F0D268239FD8B19F6D584A1B7EACA304B1CDD94671799D97829C3BAF71C9B',X'02421771D78C0770153B87B956B11129','expenses.submit on expense 1',NULL);
INSERT INTO "audit_personal" VALUES('main',27,'explanation',X'231464E9321C7E3DBF9A682B9E5B9D5E813791662DE043814469D585A886C8FE',X'9092EFF60519989CF75DC912EB228AAC','end of the demo',NULL);
INSERT INTO "audit_personal" VALUES('main',29,'explanation',X'A11BC63DA84A81E5A4691C017F43535B912303A31CDBECE954DDEA6EC58BB2B9',X'3AF71766D7D5E897ED233D780B96E278','expenses.submit on expense 2',NULL);
INSERT INTO "audit_personal" VALUES('main',35,'explanation',X'98DE76988BD95B771BDA3BB84CF6E6461062B48A702582F5F073ABF0F87853D9',X'09E07B799C6FF8839AC618EDA2E82DD5','owner Grace Hopper',NULL);
CREATE TABLE audit_quotas (
    resource_id TEXT NOT NULL PRIMARY KEY REFERENCES resources (id),
    hour INTEGER NOT NULL,
    used INTEGER NOT NULL CHECK (used > 0)
) STRICT, WITHOUT ROWID;
INSERT INTO "audit_quotas" VALUES('res_q4D7QXo8ZSFviNsCw6iPag',498897,1);
CREATE TABLE audit_reported (
    chain TEXT NOT NULL REFERENCES resources (id),
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    user_id TEXT,
    client_id TEXT,
    resource_id TEXT,
    session_id TEXT,
    outcome TEXT NOT NULL,
    reason TEXT,
    initiator TEXT NOT NULL CHECK (initiator IN ('human', 'model', 'server', 'system')),
    evidence TEXT NOT NULL CHECK (evidence = 'reported'),
    reported_by TEXT NOT NULL,
    correlation TEXT,
    admin_uid INTEGER,
    admin_claimed TEXT,
    previous BLOB NOT NULL CHECK (length(previous) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    format INTEGER NOT NULL CHECK (format = 2),
    trace TEXT,
    personal BLOB CHECK (length(personal) = 32),
    PRIMARY KEY (chain, sequence)
) STRICT, WITHOUT ROWID;
INSERT INTO "audit_reported" VALUES('res_q4D7QXo8ZSFviNsCw6iPag',5,1796032185,'resource:res_q4D7QXo8ZSFviNsCw6iPag','form.asked','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','ses_JHYQ9N7dSrckfQfb2hnIHA','success',NULL,'server','reported','res_q4D7QXo8ZSFviNsCw6iPag',NULL,NULL,NULL,X'A2B360096F137FC59D82B5AC580E611CA8CF38A114E63C07ED68E3E16C88F79E',X'D2FF84FCD0FA1DBFC42F564BD4AEE015B45F57F201EE8EF3327503E2FDABABC7',2,NULL,NULL);
CREATE TABLE audit_tallies (
            session_id TEXT NOT NULL,
            action TEXT NOT NULL,
            minute INTEGER NOT NULL,
            first INTEGER NOT NULL,
            last INTEGER NOT NULL CHECK (last >= first),
            count INTEGER NOT NULL CHECK (count > 0),
            actor TEXT NOT NULL,
            user_id TEXT,
            client_id TEXT,
            resource_id TEXT,
            initiator TEXT NOT NULL CHECK (initiator IN ('human', 'model', 'server', 'system')),
            correlation TEXT,
            PRIMARY KEY (session_id, action)
        ) STRICT, WITHOUT ROWID;
INSERT INTO "audit_tallies" VALUES('ses_JHYQ9N7dSrckfQfb2hnIHA','token.refreshed',29933869,1796032170,1796032175,12,'client:https://localhost:51163/notebook.json','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','res_q4D7QXo8ZSFviNsCw6iPag','model',NULL);
CREATE TABLE browser_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    user_id TEXT NOT NULL REFERENCES users (id),
    binding BLOB NOT NULL CHECK (length(binding) = 32),
    auth_time INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL CHECK (expires_at > created_at)
) STRICT;
INSERT INTO "browser_sessions" VALUES('brs_WzXsuBi79WBk6gW0UxH3CA',X'23DB81C0DB1865CA19C941E3865879342226186C9E6344C8C154CC76969FD9DA','usr_cA6A-MFWbm6ClyQNCrzdJA',X'6A610FB235484E5BB12747FD6CC6068EFAF2E6E38951A1BD764923492FA781B8',1796032159,1796032159,1796032159,1796075359);
INSERT INTO "browser_sessions" VALUES('brs_bK10K7KfDoulpeId-h3-jQ',X'6AB0CF02BD0D340A3CC555A924E88CDF5A7828AC9970CCBD9ED98CA43C53F1D5','usr_5jLW__Nxx5XOe7l1Fs9jSQ',X'D3265109B48443C254F6311EF2097D80C55926423AF26EE523E9AFE4448CA0E1',1796032161,1796032161,1796032161,1796075361);
CREATE TABLE client_resources (
    client_id TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    resource_id TEXT NOT NULL REFERENCES resources (id),
    PRIMARY KEY (client_id, resource_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "client_resources" VALUES('cli','res_q4D7QXo8ZSFviNsCw6iPag');
CREATE TABLE client_rules (
    kind TEXT NOT NULL CHECK (kind IN ('client', 'host')),
    name TEXT NOT NULL CHECK (name <> ''),
    rule TEXT NOT NULL CHECK (rule IN ('allow', 'block')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
INSERT INTO "client_rules" VALUES('host','evil.example','block',1796032199);
INSERT INTO "client_rules" VALUES('host','good.example','allow',1796032192);
CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    auth_method TEXT NOT NULL,
    grant_types TEXT NOT NULL,
    secret_digest BLOB CHECK (length(secret_digest) = 32),
    created_at INTEGER NOT NULL,
    CHECK ((auth_method = 'none') = (secret_digest IS NULL))
) STRICT;
INSERT INTO "clients" VALUES('desk','Desk','https://desk.example/cb','client_secret_basic','authorization_code
refresh_token',X'20E1F7221EF0500B491C22A37850F2F5BAB38EC4D223BD40A0956A301250A8D4',1796032192);
INSERT INTO "clients" VALUES('cli','Cli','http://127.0.0.1/cb','none','authorization_code
refresh_token',NULL,1796032192);
CREATE TABLE codes (
    digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    session_id TEXT NOT NULL UNIQUE REFERENCES sessions (id) ON DELETE CASCADE,
    interaction_id TEXT NOT NULL UNIQUE,
    client_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0 CHECK (failures BETWEEN 0 AND 3),
    spent_at INTEGER, redemption BLOB CHECK (length(redemption) = 32), repeats INTEGER NOT NULL DEFAULT 0 CHECK (repeats IN (0, 1)),
    CHECK (failures < 3 OR spent_at IS NOT NULL)
) STRICT;
INSERT INTO "codes" VALUES(X'7824FC2F5C46569692F6A2725F5D1728D0EDF940CC337530E7D32FE266685E23','ses_JHYQ9N7dSrckfQfb2hnIHA','int_TNm3Zy1_vuj7UfseBJ9pAw','https://localhost:51163/notebook.json','http://127.0.0.1:51033/callback','TJRIXgwhrmxBzh3-e2v6zupato5AokdvUCCOUm9QYIA',1796032220,0,1796032165,X'E05DA7415785D85884C1170FC1D7B1A0B87056A90A312C3C2957ED0EBA9571BE',0);
INSERT INTO "codes" VALUES(X'947A50171C0FF89D91C59A805B03D852845A3725C9BF68CE1E7D96CB217BAD7B','ses_Jof4btZ4S4pfyjbmxGjhKg','int_Qg_OMUF130Aq2-rjz7u4Vg','desk','https://desk.example/cb','TJRIXgwhrmxBzh3-e2v6zupato5AokdvUCCOUm9QYIA',1796032220,1,NULL,NULL,0);
CREATE TABLE connection_attempts (
    state_digest BLOB NOT NULL PRIMARY KEY CHECK (length(state_digest) = 32),
    elicitation_id TEXT NOT NULL REFERENCES elicitations (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id),
    browser_session_id TEXT NOT NULL REFERENCES browser_sessions (id) ON DELETE CASCADE,
    binding BLOB NOT NULL CHECK (length(binding) = 32),
    provider TEXT NOT NULL REFERENCES providers (name) ON DELETE CASCADE,
    asked TEXT NOT NULL,
    proof BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
    spent_at INTEGER
) STRICT;
INSERT INTO "connection_attempts" VALUES(X'4BA69735CA53765ED6A709EDB56C6EA236B7193A3B29A6B390C346F0F4340E4E','eli_WmOKEoymc0jxBzugrtJthQ','usr_cA6A-MFWbm6ClyQNCrzdJA','brs_WzXsuBi79WBk6gW0UxH3CA',X'6A610FB235484E5BB12747FD6CC6068EFAF2E6E38951A1BD764923492FA781B8','hub','repo',X'0102',1796032181,1796032781,NULL);
CREATE TABLE connections (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    resource_id TEXT NOT NULL REFERENCES resources (id),
    provider TEXT NOT NULL,
    asked TEXT NOT NULL,
    scope TEXT NOT NULL,
    tokens BLOB,
    created_at INTEGER NOT NULL,
    refreshed_at INTEGER,
    ended_at INTEGER,
    end_reason TEXT,
    CHECK ((ended_at IS NULL) = (tokens IS NOT NULL)),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) STRICT;
INSERT INTO "connections" VALUES('con_Ln0sA6lQeuJl7PW1NWiFpQ','usr_cA6A-MFWbm6ClyQNCrzdJA','res_q4D7QXo8ZSFviNsCw6iPag','hub','repo','repo',X'030405',1796032182,NULL,NULL,NULL);
CREATE TABLE decision_quotas (
    resource_id TEXT NOT NULL PRIMARY KEY REFERENCES resources (id),
    hour INTEGER NOT NULL,
    used INTEGER NOT NULL CHECK (used > 0)
) STRICT, WITHOUT ROWID;
INSERT INTO "decision_quotas" VALUES('res_q4D7QXo8ZSFviNsCw6iPag',498897,3);
CREATE TABLE documents (
    client_id TEXT NOT NULL PRIMARY KEY,
    bytes BLOB NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    fetched_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_good_at INTEGER NOT NULL
) STRICT;
INSERT INTO "documents" VALUES('https://localhost:51163/notebook.json',X'7B22636C69656E745F6964223A2268747470733A2F2F6C6F63616C686F73743A35313136332F6E6F7465626F6F6B2E6A736F6E222C22636C69656E745F6E616D65223A2244656D6F204E6F7465626F6F6B222C2272656469726563745F75726973223A5B22687474703A2F2F3132372E302E302E313A35313033332F63616C6C6261636B225D2C226772616E745F7479706573223A5B22617574686F72697A6174696F6E5F636F6465222C22726566726573685F746F6B656E225D2C22726573706F6E73655F7479706573223A5B22636F6465225D2C22746F6B656E5F656E64706F696E745F617574685F6D6574686F64223A226E6F6E65227D',X'289395C5140B2901B53B620C711AB0DBFDBD8E6BFDC5F455E39C3041CBD5515B',1796032159,1796032219,1796032159);
CREATE TABLE elicitations (
    id TEXT NOT NULL PRIMARY KEY,
    page_id TEXT NOT NULL,
    resource_id TEXT NOT NULL REFERENCES resources (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    subject TEXT NOT NULL,
    client_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('confirm', 'secret', 'connect', 'external')),
    message TEXT NOT NULL,
    ask TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    idempotency_key TEXT,
    status TEXT NOT NULL CHECK (status IN
        ('pending', 'opened', 'completed', 'declined', 'cancelled', 'expired', 'failed')),
    version INTEGER NOT NULL CHECK (version > 0),
    reason TEXT,
    reported_by TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
    finished_at INTEGER,
    collected_at INTEGER,
    content BLOB,
    auth_time INTEGER,
    ticket_digest BLOB UNIQUE CHECK (length(ticket_digest) = 32),
    ticket_expires_at INTEGER,
    ticket_redeemed_at INTEGER,
    CHECK ((status IN ('pending', 'opened')) = (finished_at IS NULL)),
    CHECK (content IS NULL OR status = 'completed'),
    CHECK (collected_at IS NULL OR (status = 'completed' AND content IS NULL)),
    CHECK ((ticket_digest IS NULL) = (ticket_expires_at IS NULL))
) STRICT;
INSERT INTO "elicitations" VALUES('eli_7VmkMdB8-Lg78LB7HORYdg','ask_pxL9E3v1a3EVtRAZ4xbhXA','res_q4D7QXo8ZSFviNsCw6iPag','usr_cA6A-MFWbm6ClyQNCrzdJA','sub__zZNcjstKI1_g50XalYfdw','https://localhost:51163/notebook.json','ses_Es5LxTSZjgS1AYY9yc_DpA','confirm','Approve that hello.txt is deleted.','{"action":{"name":"delete_file","summary":"Delete a file for good","details":[{"label":"File","value":"hello.txt"}],"arguments":{"name":"hello.txt"}}}',X'B87C0977148106015C937E98C4044D55F73F2508CD6A0A99A4E71E55878A2A1A',NULL,'completed',3,NULL,NULL,1796032159,1796033059,1796032160,1796032160,NULL,1796032159,NULL,NULL,NULL);
INSERT INTO "elicitations" VALUES('eli_9ox3H3Zmje2hrUT1O0ADNg','ask_W3Jxal9AuFhULxqwJVlhsA','res_q4D7QXo8ZSFviNsCw6iPag','usr_cA6A-MFWbm6ClyQNCrzdJA','sub__zZNcjstKI1_g50XalYfdw','https://localhost:51163/notebook.json','ses_Es5LxTSZjgS1AYY9yc_DpA','secret','Give your API key for hub.','{"requested_schema":{"type":"object","required":["api_key"],"properties":{"api_key":{"type":"string","format":"password","title":"API key","maxLength":200}}}}',X'820DB3C5BA492D081510C8F359FF9C1D89FE91F4F1A651AD34F41BA0970C277E',NULL,'completed',3,NULL,NULL,1796032160,1796033060,1796032160,1796032160,NULL,1796032159,NULL,NULL,NULL);
INSERT INTO "elicitations" VALUES('eli_9U0yrM-_up6YWoXxARtt1g','ask_8vYoNcLpt0ZAaDmkGLP5zA','res_q4D7QXo8ZSFviNsCw6iPag','usr_cA6A-MFWbm6ClyQNCrzdJA','sub__zZNcjstKI1_g50XalYfdw','https://localhost:51163/notebook.json','ses_Es5LxTSZjgS1AYY9yc_DpA','confirm','Approve that welcome.txt is deleted.','{"action":{"name":"delete_file","summary":"Delete a file for good","details":[{"label":"File","value":"welcome.txt"}],"arguments":{"name":"welcome.txt"}}}',X'70720235A595C993F8AE5B288682DB9FCD153B13A27250E3DA10413440CCA9E8',NULL,'cancelled',2,'resource',NULL,1796032161,1796033061,1796032161,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "elicitations" VALUES('eli_WmOKEoymc0jxBzugrtJthQ','ask_NmAxWprz3yVdjxmrB35Hlw','res_q4D7QXo8ZSFviNsCw6iPag','usr_cA6A-MFWbm6ClyQNCrzdJA','sub__zZNcjstKI1_g50XalYfdw','https://localhost:51163/notebook.json','ses_JHYQ9N7dSrckfQfb2hnIHA','connect','Connect your code host','{"provider":"hub","scope":"repo"}',X'5A638A128CA67348F1073BA0AED26D85905A29128CBD71B250C9CF4E598C7F0D','key-1','opened',2,NULL,NULL,1796032180,1796033080,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE endings (
    id TEXT NOT NULL PRIMARY KEY,
    filter TEXT NOT NULL,
    reason TEXT NOT NULL,
    initiator TEXT NOT NULL CHECK (initiator IN ('admin', 'user', 'policy', 'system')),
    actor TEXT NOT NULL,
    admin_uid INTEGER,
    admin_claimed TEXT,
    explanation TEXT,
    last_row INTEGER NOT NULL,
    after_created_at INTEGER NOT NULL,
    after_id TEXT NOT NULL,
    started_at INTEGER NOT NULL
) STRICT;
INSERT INTO "endings" VALUES('BjpMMoZFGasc7TGqSV7Aaw','{"host":"nobody.example"}','revoked_by_admin','admin','admin',0,'root','cleaning up',1,-9223372036854775808,'ses_5vB9Q7XCHbD7uaMf6sLcWQ',1796032190);
CREATE TABLE event_streams (
    resource_id TEXT NOT NULL PRIMARY KEY REFERENCES resources (id),
    endpoint TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('unverified', 'active', 'disabled')),
    challenge_digest BLOB CHECK (length(challenge_digest) = 32),
    challenge_expires_at INTEGER,
    verified_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    last_status INTEGER,
    last_error TEXT,
    CHECK ((challenge_digest IS NULL) = (challenge_expires_at IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO "event_streams" VALUES('res_q4D7QXo8ZSFviNsCw6iPag','http://127.0.0.1:49285/events','active',X'77D823FE3A970597A683DABB5BC96CA102DD3FA46611C69831EABC4A414D4031',1796035759,1796032159,0,1796032159,NULL,NULL);
CREATE TABLE events (
    sequence INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    resource_id TEXT NOT NULL REFERENCES resources (id),
    elicitation_id TEXT,
    type TEXT NOT NULL,
    subject TEXT,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    due_at INTEGER NOT NULL,
    settled_at INTEGER,
    last_status INTEGER,
    last_error TEXT, session_id TEXT,
    CHECK ((state = 'waiting') = (settled_at IS NULL))
) STRICT;
INSERT INTO "events" VALUES(1,'evt_vm9q2pjp98xOrSKXKcix7w','res_q4D7QXo8ZSFviNsCw6iPag',NULL,'https://schemas.openid.net/secevent/caep/event-type/session-revoked','sub__zZNcjstKI1_g50XalYfdw','{"event_timestamp":1796032159,"initiating_entity":"user","reason_admin":{"en":"The person approved a new session in place of this one."},"reason_user":{"en":"Access was ended. Approve the app again to go on."}}',1796032159,'delivered',1,1796032159,1796032159,NULL,NULL,'ses_q_6t_3SFg14q2K6sAWqljw');
INSERT INTO "events" VALUES(2,'evt_xKP6Vs7DT39XjrjYijkodg','res_q4D7QXo8ZSFviNsCw6iPag','eli_7VmkMdB8-Lg78LB7HORYdg','urn:gatehouse:event:elicitation-completed','sub__zZNcjstKI1_g50XalYfdw','{"elicitation":"eli_7VmkMdB8-Lg78LB7HORYdg","kind":"confirm","version":3,"client_id":"https://localhost:51163/notebook.json","sid":"ses_Es5LxTSZjgS1AYY9yc_DpA","evidence":"witnessed","digest":"uHwJdxSBBgFck36YxARNVfc_JQjNagqZpOceVYeKKho"}',1796032160,'delivered',1,1796032160,1796032160,NULL,NULL,NULL);
INSERT INTO "events" VALUES(3,'evt_NnFRGg-j7i1v2X5N1N-Xmg','res_q4D7QXo8ZSFviNsCw6iPag','eli_9ox3H3Zmje2hrUT1O0ADNg','urn:gatehouse:event:elicitation-completed','sub__zZNcjstKI1_g50XalYfdw','{"elicitation":"eli_9ox3H3Zmje2hrUT1O0ADNg","kind":"secret","version":3,"client_id":"https://localhost:51163/notebook.json","sid":"ses_Es5LxTSZjgS1AYY9yc_DpA","evidence":"witnessed"}',1796032160,'delivered',1,1796032160,1796032160,NULL,NULL,NULL);
INSERT INTO "events" VALUES(4,'evt_XmyVorqRDAbTY0JJjnAfjw','res_q4D7QXo8ZSFviNsCw6iPag','eli_9U0yrM-_up6YWoXxARtt1g','urn:gatehouse:event:elicitation-cancelled','sub__zZNcjstKI1_g50XalYfdw','{"elicitation":"eli_9U0yrM-_up6YWoXxARtt1g","kind":"confirm","version":2,"client_id":"https://localhost:51163/notebook.json","sid":"ses_Es5LxTSZjgS1AYY9yc_DpA","evidence":"witnessed","digest":"cHICNaWVyZP4rlsohoLbn80VOxOiclDj2hBBNEDMqeg","reason":"resource"}',1796032161,'delivered',1,1796032161,1796032161,NULL,NULL,NULL);
INSERT INTO "events" VALUES(5,'evt_iasNWVg2Ep8VDcafqazVDg','res_q4D7QXo8ZSFviNsCw6iPag',NULL,'https://schemas.openid.net/secevent/caep/event-type/session-revoked','sub__zZNcjstKI1_g50XalYfdw','{"event_timestamp":1796032163,"initiating_entity":"admin","reason_admin":{"en":"An administrator ended the session."},"reason_user":{"en":"Access was ended. Approve the app again to go on."}}',1796032163,'delivered',1,1796032163,1796032163,NULL,NULL,'ses_Es5LxTSZjgS1AYY9yc_DpA');
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO "grdb_migrations" VALUES('0001 ground');
INSERT INTO "grdb_migrations" VALUES('0002 elicitations');
INSERT INTO "grdb_migrations" VALUES('0003 final sessions');
INSERT INTO "grdb_migrations" VALUES('0004 connections');
INSERT INTO "grdb_migrations" VALUES('0005 endings');
INSERT INTO "grdb_migrations" VALUES('0006 audit');
INSERT INTO "grdb_migrations" VALUES('0007 account');
INSERT INTO "grdb_migrations" VALUES('0009 jobs');
INSERT INTO "grdb_migrations" VALUES('0010 session policies');
INSERT INTO "grdb_migrations" VALUES('0011 scopes');
INSERT INTO "grdb_migrations" VALUES('0012 lists');
INSERT INTO "grdb_migrations" VALUES('0013 code redemptions');
INSERT INTO "grdb_migrations" VALUES('0014 provider limits');
INSERT INTO "grdb_migrations" VALUES('0015 held sign-ins');
INSERT INTO "grdb_migrations" VALUES('0016 audit tallies');
CREATE TABLE interactions (
    id TEXT NOT NULL PRIMARY KEY,
    browser_session_id TEXT NOT NULL REFERENCES browser_sessions (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id),
    request TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied')),
    session_id TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((state = 'approved') = (session_id IS NOT NULL))
) STRICT;
INSERT INTO "interactions" VALUES('int_Hok0B3cDDIKo5wJqUkMLCQ','brs_WzXsuBi79WBk6gW0UxH3CA','usr_cA6A-MFWbm6ClyQNCrzdJA','{"clientName":"Demo Notebook","clientHost":"localhost","documentDigest":"wC6WIxma2MSxVokuf0Rn9MLsq0ai_kq9k4Ef3aK8T5g","challenge":"degTKX02THo1FbCkb7D6zgQPRtPTAz694AbpoOm-BLA","scope":"files:read","resourceID":"res_q4D7QXo8ZSFviNsCw6iPag","isLoopbackOnly":true,"clientID":"https:\/\/localhost:51163\/notebook.json","refreshes":true,"redirectURI":"http:\/\/127.0.0.1:51033\/callback","state":"_W_SUc9b8edZbPets3fr-Q"}','approved','ses_q_6t_3SFg14q2K6sAWqljw',1796032159,1796032159);
INSERT INTO "interactions" VALUES('int_f06lv_O2t5B9EgQEBr3k6Q','brs_WzXsuBi79WBk6gW0UxH3CA','usr_cA6A-MFWbm6ClyQNCrzdJA','{"clientName":"Demo Notebook","documentDigest":"wC6WIxma2MSxVokuf0Rn9MLsq0ai_kq9k4Ef3aK8T5g","resourceID":"res_q4D7QXo8ZSFviNsCw6iPag","isLoopbackOnly":true,"redirectURI":"http:\/\/127.0.0.1:51033\/callback","challenge":"K76tTUV4b3IEWNvAHAQ3nRyJG5qBovKujnbu-8vFUeI","includes":{"files:write":"files:read"},"scope":"files:read files:write","clientID":"https:\/\/localhost:51163\/notebook.json","clientHost":"localhost","refreshes":true,"state":"l_O0LFc_l5IYGTV7rSHxkQ"}','approved','ses_Es5LxTSZjgS1AYY9yc_DpA',1796032159,1796032163);
INSERT INTO "interactions" VALUES('int_fEo0VyK0CsvcEhhD1DtnTg','brs_WzXsuBi79WBk6gW0UxH3CA','usr_cA6A-MFWbm6ClyQNCrzdJA','{"clientName":"Demo Notebook","clientHost":"localhost","documentDigest":"wC6WIxma2MSxVokuf0Rn9MLsq0ai_kq9k4Ef3aK8T5g","challenge":"degTKX02THo1FbCkb7D6zgQPRtPTAz694AbpoOm-BLA","scope":"files:read","resourceID":"res_q4D7QXo8ZSFviNsCw6iPag","isLoopbackOnly":true,"clientID":"https:\/\/localhost:51163\/notebook.json","refreshes":true,"redirectURI":"http:\/\/127.0.0.1:51033\/callback","state":"_W_SUc9b8edZbPets3fr-Q"}','pending',NULL,1796032180,1796035780);
CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    resource_id TEXT NOT NULL REFERENCES resources (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    client_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    actions TEXT NOT NULL CHECK (actions <> ''),
    scope TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose <> ''),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
    ended_at INTEGER,
    end_reason TEXT CHECK (end_reason IN ('resource', 'person', 'session_ended', 'expired')),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) STRICT;
INSERT INTO "jobs" VALUES('job_Tn3p90wJn55Bg-MMbnrpwg','res_q4D7QXo8ZSFviNsCw6iPag','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','ses_Es5LxTSZjgS1AYY9yc_DpA','expenses.submit','files:read files:write','Submit 50 expenses',1796032161,1796035761,1796032163,'session_ended');
CREATE TABLE known_browsers (
    user_id TEXT NOT NULL REFERENCES users (id),
    binding BLOB NOT NULL CHECK (length(binding) = 32),
    last_seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, binding)
) STRICT, WITHOUT ROWID;
INSERT INTO "known_browsers" VALUES('usr_cA6A-MFWbm6ClyQNCrzdJA',X'6A610FB235484E5BB12747FD6CC6068EFAF2E6E38951A1BD764923492FA781B8',1796032159);
INSERT INTO "known_browsers" VALUES('usr_5jLW__Nxx5XOe7l1Fs9jSQ',X'D3265109B48443C254F6311EF2097D80C55926423AF26EE523E9AFE4448CA0E1',1796032161);
CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "meta" VALUES('last clock',1796032218);
CREATE TABLE provider_rules (
    provider TEXT NOT NULL REFERENCES providers (name) ON DELETE CASCADE,
    resource_id TEXT NOT NULL REFERENCES resources (id),
    scope TEXT NOT NULL,
    created_at INTEGER NOT NULL, aliases TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (provider, resource_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "provider_rules" VALUES('hub','res_q4D7QXo8ZSFviNsCw6iPag','repo',1796032233,'');
CREATE TABLE providers (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL CHECK (owner <> ''),
    issuer TEXT,
    authorization_endpoint TEXT NOT NULL,
    token_endpoint TEXT NOT NULL,
    revocation_endpoint TEXT,
    client_id TEXT NOT NULL,
    client_secret BLOB,
    auth_method TEXT NOT NULL CHECK (auth_method IN ('none', 'client_secret_basic', 'client_secret_post')),
    sends_issuer INTEGER NOT NULL CHECK (sends_issuer IN (0, 1)),
    created_at INTEGER NOT NULL, token_endpoint_is_foreign INTEGER NOT NULL DEFAULT 0
            CHECK (token_endpoint_is_foreign IN (0, 1)), revocation_endpoint_is_foreign INTEGER NOT NULL DEFAULT 0
            CHECK (revocation_endpoint_is_foreign IN (0, 1)),
    CHECK ((auth_method = 'none') = (client_secret IS NULL)),
    CHECK (sends_issuer = 0 OR issuer IS NOT NULL)
) STRICT, WITHOUT ROWID;
INSERT INTO "providers" VALUES('hub','Grace Hopper',NULL,'https://hub.example/authorize','https://hub.example/token',NULL,'us',X'0C5777613333486F307A41684EA338CF190EC3F36984C4736BB7A9F5123C451831585D3D461CC771D74C5D6AC4C5CB8ECD101361F3F1B44C461921100E632E6623FDD78E08','client_secret_post',0,1796032233,0,0);
CREATE TABLE resource_policies (
    resource_id TEXT NOT NULL PRIMARY KEY REFERENCES resources (id),
    elicitation_kinds TEXT NOT NULL,
    external_hosts TEXT NOT NULL
, ends_connections INTEGER NOT NULL DEFAULT 0 CHECK (ends_connections IN (0, 1)), longest_session INTEGER CHECK (longest_session BETWEEN 60 AND 31536000), idle_limit INTEGER CHECK (idle_limit BETWEEN 60 AND 31536000), session_choices TEXT NOT NULL DEFAULT '' CHECK (session_choices NOT GLOB '*[^0-9 ]*'), token_life INTEGER CHECK (token_life BETWEEN 60 AND 3600), client_hosts TEXT NOT NULL DEFAULT '' CHECK (client_hosts = lower(client_hosts))) STRICT, WITHOUT ROWID;
INSERT INTO "resource_policies" VALUES('res_q4D7QXo8ZSFviNsCw6iPag','confirm secret','',0,NULL,NULL,'',NULL,'');
CREATE TABLE resource_scopes (
    resource_id TEXT NOT NULL REFERENCES resources (id),
    scope TEXT NOT NULL CHECK (scope <> ''),
    position INTEGER NOT NULL,
    description TEXT NOT NULL,
    on_request INTEGER NOT NULL CHECK (on_request IN (0, 1)), implies TEXT NOT NULL DEFAULT '', tools TEXT NOT NULL DEFAULT '', fresh_seconds INTEGER CHECK (fresh_seconds > 0),
    PRIMARY KEY (resource_id, scope)
) STRICT, WITHOUT ROWID;
INSERT INTO "resource_scopes" VALUES('res_q4D7QXo8ZSFviNsCw6iPag','files:read',0,'See the names of your files',0,'','list_files',NULL);
INSERT INTO "resource_scopes" VALUES('res_q4D7QXo8ZSFviNsCw6iPag','files:write',1,'Write your files',1,'files:read','write_file delete_file',NULL);
CREATE TABLE resources (
    id TEXT NOT NULL PRIMARY KEY,
    identifier TEXT NOT NULL,
    comparable TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL CHECK (owner <> ''),
    secret_digest BLOB NOT NULL CHECK (length(secret_digest) = 32),
    events_endpoint TEXT,
    disabled_at INTEGER,
    removed_at INTEGER,
    created_at INTEGER NOT NULL
, polled_at INTEGER) STRICT;
INSERT INTO "resources" VALUES('res_q4D7QXo8ZSFviNsCw6iPag','http://127.0.0.1:49285/mcp','http://127.0.0.1:49285/mcp','Example files','Grace Hopper',X'53F8276DDFE311B95D800754B66B9CB025726BC1989910D95AD59B6C992DEBC6','http://127.0.0.1:49285/events',NULL,NULL,1796032158,NULL);
CREATE TABLE server_actions (
    resource_id TEXT NOT NULL REFERENCES resources (id),
    name TEXT NOT NULL,
    rule TEXT NOT NULL CHECK (rule IN ('allow', 'ask')),
    scope TEXT NOT NULL,
    PRIMARY KEY (resource_id, name)
) STRICT, WITHOUT ROWID;
INSERT INTO "server_actions" VALUES('res_q4D7QXo8ZSFviNsCw6iPag','expenses.submit','allow','');
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    client_id TEXT NOT NULL,
    client_name TEXT NOT NULL,
    client_host TEXT,
    resource_id TEXT NOT NULL REFERENCES resources (id),
    scope TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    binding BLOB NOT NULL CHECK (length(binding) = 32),
    state TEXT NOT NULL CHECK (state IN ('approved', 'active', 'ended', 'expired')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
    idle_seconds INTEGER NOT NULL CHECK (idle_seconds > 0),
    last_used_at INTEGER NOT NULL,
    ended_at INTEGER,
    end_reason TEXT,
    ended_by TEXT,
    auth_time INTEGER NOT NULL,
    acr TEXT,
    document_digest BLOB CHECK (length(document_digest) = 32),
    generation INTEGER NOT NULL DEFAULT 0 CHECK (generation BETWEEN 0 AND 4294967295),
    turn_1 INTEGER, turn_2 INTEGER, turn_3 INTEGER, turn_4 INTEGER,
    refresh_key TEXT NOT NULL,
    replaces TEXT, used_hour INTEGER NOT NULL DEFAULT 0,
    CHECK ((state IN ('ended', 'expired')) = (ended_at IS NOT NULL)),
    CHECK (state <> 'active' OR generation > 0)
) STRICT;
INSERT INTO "sessions" VALUES('ses_q_6t_3SFg14q2K6sAWqljw','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','Demo Notebook','localhost','res_q4D7QXo8ZSFviNsCw6iPag','files:read','http://127.0.0.1:51033/callback',X'6A610FB235484E5BB12747FD6CC6068EFAF2E6E38951A1BD764923492FA781B8','ended',1796032159,1796075359,1209600,1796032159,1796032159,'replaced','user',1796032159,'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',X'C02E9623199AD8C4B156892E7F4467F4C2ECAB46A2FE4ABD93811FDDA2BC4F98',1,NULL,NULL,NULL,NULL,'TrBdIOTcVjGW',NULL,498897);
INSERT INTO "sessions" VALUES('ses_Es5LxTSZjgS1AYY9yc_DpA','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','Demo Notebook','localhost','res_q4D7QXo8ZSFviNsCw6iPag','files:read files:write','http://127.0.0.1:51033/callback',X'6A610FB235484E5BB12747FD6CC6068EFAF2E6E38951A1BD764923492FA781B8','ended',1796032159,1796075359,1209600,1796032159,1796032163,'revoked_by_admin','admin',1796032159,'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',X'C02E9623199AD8C4B156892E7F4467F4C2ECAB46A2FE4ABD93811FDDA2BC4F98',2,1796032159,NULL,NULL,NULL,'TrBdIOTcVjGW','ses_q_6t_3SFg14q2K6sAWqljw',498897);
INSERT INTO "sessions" VALUES('ses_JHYQ9N7dSrckfQfb2hnIHA','usr_cA6A-MFWbm6ClyQNCrzdJA','https://localhost:51163/notebook.json','Demo Notebook','localhost','res_q4D7QXo8ZSFviNsCw6iPag','files:read','http://127.0.0.1:51033/callback',X'6A610FB235484E5BB12747FD6CC6068EFAF2E6E38951A1BD764923492FA781B8','active',1796032159,1796075359,1209600,1796032170,NULL,NULL,NULL,1796032159,'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',X'C02E9623199AD8C4B156892E7F4467F4C2ECAB46A2FE4ABD93811FDDA2BC4F98',3,1796032170,1796032165,NULL,NULL,'TrBdIOTcVjGW',NULL,498897);
INSERT INTO "sessions" VALUES('ses_Jof4btZ4S4pfyjbmxGjhKg','usr_cA6A-MFWbm6ClyQNCrzdJA','desk','Desk',NULL,'res_q4D7QXo8ZSFviNsCw6iPag','files:read','https://desk.example/cb',X'6A610FB235484E5BB12747FD6CC6068EFAF2E6E38951A1BD764923492FA781B8','approved',1796032159,1796075359,1209600,1796032159,NULL,NULL,NULL,1796032159,'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',NULL,0,NULL,NULL,NULL,NULL,'TrBdIOTcVjGW',NULL,498897);
CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL CHECK (name <> ''),
    name_key TEXT NOT NULL UNIQUE,
    email TEXT,
    password_hash TEXT NOT NULL,
    disabled_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO "users" VALUES('usr_cA6A-MFWbm6ClyQNCrzdJA','sub__zZNcjstKI1_g50XalYfdw','ada','ada',NULL,'$scrypt$ln=15,r=8,p=3$evZRxZE5tIgczbYeSxmNeg$qYzMeYIaKY3nGS8R5uMVW/hh94d2sn4KI+yV0oJjNXc',NULL,1796032158);
INSERT INTO "users" VALUES('usr_5jLW__Nxx5XOe7l1Fs9jSQ','sub_jZSC9lE1xfTkbUE84thrWw','mallory','mallory',NULL,'$scrypt$ln=15,r=8,p=3$C4tHtBLEWEYgry/UB+hMGA$FyHL74hxSUweRTS9FLvWkqg7DtFi0uZlW4ovmnKhUQA',NULL,1796032161);
CREATE UNIQUE INDEX resources_by_identifier ON resources (comparable) WHERE removed_at IS NULL;
CREATE INDEX documents_by_age ON documents (last_good_at);
CREATE INDEX browser_sessions_by_user ON browser_sessions (user_id);
CREATE INDEX browser_sessions_by_end ON browser_sessions (expires_at);
CREATE INDEX known_browsers_by_age ON known_browsers (last_seen_at);
CREATE INDEX interactions_by_user ON interactions (user_id, state);
CREATE INDEX interactions_by_end ON interactions (expires_at);
CREATE INDEX interactions_by_browser ON interactions (browser_session_id);
CREATE UNIQUE INDEX interactions_by_session ON interactions (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX sessions_by_end ON sessions (expires_at) WHERE state IN ('approved', 'active');
CREATE INDEX sessions_by_key ON sessions (refresh_key)
WHERE state IN ('approved', 'active');
CREATE INDEX codes_by_end ON codes (expires_at) WHERE spent_at IS NULL OR failures = 3;
CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'audit records are never edited'); END;
CREATE UNIQUE INDEX elicitations_by_page ON elicitations (page_id);
CREATE UNIQUE INDEX elicitations_by_key ON elicitations (resource_id, user_id, client_id, idempotency_key)
WHERE idempotency_key IS NOT NULL AND status IN ('pending', 'opened', 'completed');
CREATE INDEX elicitations_by_digest ON elicitations (session_id, digest)
WHERE status IN ('pending', 'opened', 'completed') AND collected_at IS NULL;
CREATE INDEX open_elicitations_by_person ON elicitations (user_id, resource_id)
WHERE status IN ('pending', 'opened');
CREATE INDEX elicitations_by_person ON elicitations (user_id, resource_id, created_at);
CREATE INDEX open_elicitations_by_session ON elicitations (session_id) WHERE status IN ('pending', 'opened');
CREATE INDEX open_elicitations_by_end ON elicitations (expires_at) WHERE status IN ('pending', 'opened');
CREATE INDEX uncollected_elicitations ON elicitations (finished_at) WHERE content IS NOT NULL;
CREATE INDEX elicitations_by_age ON elicitations (created_at, id);
CREATE INDEX waiting_events ON events (resource_id, due_at, sequence) WHERE state = 'waiting';
CREATE INDEX events_by_age ON events (state, settled_at, created_at);
CREATE INDEX events_by_elicitation ON events (elicitation_id) WHERE elicitation_id IS NOT NULL;
CREATE INDEX misdirected_elicitations ON audit (correlation, user_id) WHERE action = 'elicitation.wrong_person';
CREATE INDEX sessions_by_final_end ON sessions (ended_at) WHERE state IN ('ended', 'expired');
CREATE INDEX provider_rules_by_resource ON provider_rules (resource_id);
CREATE UNIQUE INDEX live_connections ON connections (user_id, resource_id, provider) WHERE ended_at IS NULL;
CREATE INDEX live_connections_by_provider ON connections (provider) WHERE ended_at IS NULL;
CREATE INDEX connection_attempts_by_elicitation ON connection_attempts (elicitation_id, created_at);
CREATE INDEX connection_attempts_by_end ON connection_attempts (expires_at);
CREATE UNIQUE INDEX events_by_session ON events (session_id)
WHERE type = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
CREATE INDEX audit_reported_by_time ON audit_reported (at);
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN old.sequence > coalesce((SELECT sequence FROM audit_bases WHERE chain = 'main'), 0)
BEGIN SELECT raise(ABORT, 'audit records are deleted behind a checkpoint only'); END;
CREATE TRIGGER audit_reported_is_kept BEFORE DELETE ON audit_reported
WHEN old.sequence > coalesce((SELECT sequence FROM audit_bases WHERE chain = old.chain), 0)
BEGIN SELECT raise(ABORT, 'audit records are deleted behind a checkpoint only'); END;
CREATE TRIGGER audit_reported_is_not_edited BEFORE UPDATE ON audit_reported
BEGIN SELECT raise(ABORT, 'audit records are never edited'); END;
CREATE INDEX live_sessions_by_user ON sessions (user_id, created_at, id) WHERE state IN ('approved', 'active');
CREATE INDEX elicitations_by_user ON elicitations (user_id, created_at, id);
CREATE INDEX open_elicitations_by_user ON elicitations (user_id, expires_at, id)
WHERE status IN ('pending', 'opened');
CREATE INDEX open_jobs_by_session ON jobs (session_id) WHERE ended_at IS NULL;
CREATE INDEX open_jobs_by_user ON jobs (user_id, expires_at, id) WHERE ended_at IS NULL;
CREATE INDEX open_jobs_by_end ON jobs (expires_at) WHERE ended_at IS NULL;
CREATE INDEX ended_jobs_by_age ON jobs (ended_at) WHERE ended_at IS NOT NULL;
CREATE TRIGGER sessions_note_hour AFTER UPDATE OF last_used_at ON sessions
WHEN new.used_hour <> new.last_used_at / 3600
BEGIN UPDATE sessions SET used_hour = new.last_used_at / 3600 WHERE id = new.id; END;
CREATE INDEX sessions_by_user_state ON sessions (user_id, state, created_at, id);
CREATE INDEX sessions_by_client_state ON sessions (client_id, state, created_at, id, resource_id);
CREATE INDEX sessions_by_host_state ON sessions (client_host, state, created_at, id, resource_id)
WHERE client_host IS NOT NULL;
CREATE INDEX sessions_by_resource_state ON sessions (resource_id, state, created_at, id);
CREATE INDEX sessions_by_state ON sessions (state, created_at, id);
CREATE INDEX live_sessions_by_use ON sessions (idle_seconds, used_hour, id, resource_id)
WHERE ended_at IS NULL;
CREATE INDEX held_sign_ins ON audit (user_id, at) WHERE action = 'person.sign_in_held';
COMMIT;
