//! What people have registered to prove who they are, and signing in by text message.

use super::{Client, code};
use crate::cloud::Cloud;
use crate::tenant::{
    AdministratorRole, AuthenticationMethods, Limits, OtherMethod, PhoneMethod, PhoneType, SmsPolicy, SmsSignInState,
    SmsTarget, TenantSize,
};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const CLOUDS: [Cloud; 3] = [Cloud::Global, Cloud::UsGov, Cloud::China];
const NUMBER: &str = "+1 2065550100";
const WRITE: &str = "UserAuthMethod-Phone.ReadWrite.All";
const REPORT: &str = "/reports/authenticationMethods/userRegistrationDetails";
const SMS_POLICY: &str = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/sms";

fn phones_of(user: Uuid) -> String {
    format!("/users/{user}/authentication/phoneMethods")
}

fn mobile() -> Uuid {
    PhoneType::Mobile.id()
}

impl Client {
    /// People with a mobile phone, all with the same number.
    fn people_with_phones(&self, count: u32, state: SmsSignInState) -> Vec<Uuid> {
        let people = self.sync(count);
        self.tenant.with_directory(|directory| {
            for person in &people {
                let methods = AuthenticationMethods::with_mobile(NUMBER, state);
                directory.authentication_methods.insert(*person, methods);
            }
        });
        people
    }

    async fn switch(&self, user: Uuid, phone: Uuid, switch: &str) -> (u16, Value) {
        let request = self.request(Method::POST, &format!("{}/{phone}/{switch}", phones_of(user)));
        super::answer(request).await
    }

    async fn sms_state(&self, user: Uuid) -> Value {
        self.get(&phones_of(user)).await.1["value"][0]["smsSignInState"].clone()
    }
}

#[tokio::test]
async fn sms_sign_in_is_switched_off_and_on_and_the_number_stays() {
    for cloud in CLOUDS {
        let mut client = Client::in_cloud(cloud).await;
        client.permit(&[WRITE]);
        let person = client.people_with_phones(1, SmsSignInState::Ready)[0];
        let (_, body) = client.get(&phones_of(person)).await;
        let phone = &body["value"][0];
        assert_eq!((&phone["id"], &phone["phoneType"]), (&json!(mobile()), &json!("mobile")));
        assert_eq!((&phone["phoneNumber"], &phone["smsSignInState"]), (&json!(NUMBER), &json!("ready")));
        let (status, body) = client.switch(person, mobile(), "disableSmsSignIn").await;
        if cloud == Cloud::China {
            assert_eq!((status, code(&body)), (400, "BadRequest"));
            continue;
        }
        assert_eq!((status, body), (204, Value::Null));
        let (_, body) = client.get(&phones_of(person)).await;
        assert_eq!(
            (&body["value"][0]["phoneNumber"], client.sms_state(person).await),
            (&json!(NUMBER), json!("notEnabled"))
        );
        assert_eq!(client.switch(person, mobile(), "enableSmsSignIn").await.0, 204);
        assert_eq!(client.sms_state(person).await, "ready");
    }
}

#[tokio::test]
async fn sms_sign_in_needs_a_mobile_phone_with_a_number_of_its_own_that_the_policy_allows() {
    let mut client = Client::new().await;
    client.permit(&[WRITE]);
    let people = client.people_with_phones(2, SmsSignInState::NotEnabled);
    assert_eq!(client.switch(people[0], PhoneType::Office.id(), "enableSmsSignIn").await.0, 404);
    assert_eq!(client.switch(Uuid::from_u128(9), mobile(), "enableSmsSignIn").await.0, 404);
    assert_eq!(client.switch(people[0], mobile(), "enableSmsSignIn").await.0, 204);
    assert_eq!(client.switch(people[1], mobile(), "enableSmsSignIn").await.0, 400, "not unique");
    client.tenant.with_directory(|directory| {
        let office = PhoneMethod::new(PhoneType::Office, "+1 2065550111");
        let methods = AuthenticationMethods { phones: vec![office], others: Vec::new() };
        directory.authentication_methods.insert(people[1], methods);
    });
    assert_eq!(client.sms_state(people[1]).await, "notSupported");
    assert_eq!(client.switch(people[1], PhoneType::Office.id(), "enableSmsSignIn").await.0, 400);
    let group = client.tenant.with_directory(|directory| {
        let group = directory.create_group("By text message");
        let targets = vec![
            SmsTarget { group: None, is_usable_for_sign_in: false },
            SmsTarget { group: Some(group), is_usable_for_sign_in: true },
        ];
        directory.sms = SmsPolicy { enabled: true, targets };
        group
    });
    assert_eq!(client.switch(people[0], mobile(), "enableSmsSignIn").await.0, 400, "not in the group");
    client.tenant.with_directory(|directory| directory.add_member(group, people[0])).unwrap();
    assert_eq!(client.switch(people[0], mobile(), "enableSmsSignIn").await.0, 204);
}

#[tokio::test]
async fn phones_are_read_and_switched_with_their_own_permissions_and_roles() {
    let mut client = Client::new().await;
    let person = client.people_with_phones(1, SmsSignInState::Ready)[0];
    for (permission, read, write) in
        [("User.Read.All", 403, 403), ("UserAuthMethod-Phone.Read.All", 200, 403), (WRITE, 200, 204)]
    {
        client.permit(&[permission]);
        assert_eq!(client.get(&phones_of(person)).await.0, read);
        assert_eq!(client.switch(person, mobile(), "disableSmsSignIn").await.0, write);
    }
    for (role, read, write) in [
        (None, 403, 403),
        (Some(AdministratorRole::GlobalReader), 200, 403),
        (Some(AdministratorRole::Authentication), 200, 204),
    ] {
        client.sign_in_with(&[WRITE], role).await;
        assert_eq!(client.get(&phones_of(person)).await.0, read);
        assert_eq!(client.switch(person, mobile(), "disableSmsSignIn").await.0, write);
    }
}

#[tokio::test]
async fn methods_come_with_their_types() {
    for cloud in CLOUDS {
        let mut client = Client::in_cloud(cloud).await;
        client.permit(&["UserAuthenticationMethod.Read.All"]);
        let person = client.people_with_phones(1, SmsSignInState::Ready)[0];
        client.tenant.with_directory(|directory| {
            let methods = directory.authentication_methods.get_mut(&person).unwrap();
            methods.others.extend([
                OtherMethod::Email("home@example.com".into()),
                OtherMethod::Fido2("Key".into()),
                OtherMethod::MicrosoftAuthenticator("Phone".into()),
                OtherMethod::SoftwareOath,
            ]);
        });
        let (status, body) = client.get(&format!("/users/{person}/authentication/methods")).await;
        if cloud == Cloud::China {
            assert_eq!((status, code(&body)), (400, "BadRequest"));
            continue;
        }
        let kinds = body["value"].as_array().unwrap().iter().map(|method| method["@odata.type"].as_str().unwrap());
        let kinds = kinds.map(|kind| kind.trim_start_matches("#microsoft.graph."));
        let expected = ["phone", "password", "email", "fido2", "microsoftAuthenticator", "softwareOath"];
        assert_eq!(kinds.collect::<Vec<_>>(), expected.map(|kind| format!("{kind}AuthenticationMethod")));
        assert_eq!(body["value"][2]["emailAddress"], "home@example.com");
    }
}

#[tokio::test]
async fn removing_a_phone_is_not_simulated() {
    let mut client = Client::new().await;
    client.permit(&[WRITE]);
    let person = client.people_with_phones(1, SmsSignInState::Ready)[0];
    assert_eq!(client.delete(&format!("{}/{}", phones_of(person), mobile())).await.0, 501);
    assert_eq!(client.tenant.violations().len(), 1);
    assert_eq!(client.sms_state(person).await, "ready");
}

#[tokio::test]
async fn the_report_says_who_has_registered_what_in_pages() {
    for cloud in CLOUDS {
        let client = Client::in_cloud(cloud).await;
        let people = client.people_with_phones(5, SmsSignInState::NotEnabled);
        client.tenant.with_directory(|directory| {
            for person in &people[3..] {
                let others = vec![OtherMethod::Password, OtherMethod::Email("home@example.com".into())];
                let methods = AuthenticationMethods { phones: Vec::new(), others };
                directory.authentication_methods.insert(*person, methods);
            }
        });
        let pages = client.pages(&format!("{REPORT}?$filter=methodsRegistered/any(m:m eq 'mobilePhone')&$top=2")).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(pages[0][0]["methodsRegistered"], json!(["mobilePhone"]));
        assert_eq!((&pages[0][0]["isMfaCapable"], &pages[0][0]["userType"]), (&json!(true), &json!("member")));
        let (_, body) =
            client.get(&format!("{REPORT}?$filter=isMfaCapable eq false&$select=id,methodsRegistered")).await;
        assert_eq!(body["value"].as_array().unwrap().len(), 2);
        assert_eq!(body["value"][0]["methodsRegistered"], json!(["email"]));
    }
}

#[tokio::test]
async fn the_report_needs_its_permission_and_a_licence() {
    let mut client = Client::new().await;
    client.permit(&["User.Read.All"]);
    assert_eq!(client.get(REPORT).await.0, 403);
    let unlicensed = Client::with(|options| options.p1 = false).await;
    let (status, body) = unlicensed.get(REPORT).await;
    assert_eq!((status, code(&body)), (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"));
}

#[tokio::test]
async fn the_policy_says_who_may_sign_in_by_text_message() {
    for cloud in CLOUDS {
        let mut client = Client::in_cloud(cloud).await;
        let (status, body) = client.get(SMS_POLICY).await;
        if cloud == Cloud::China {
            assert_eq!((status, code(&body)), (400, "BadRequest"));
            continue;
        }
        assert_eq!((&body["id"], &body["state"]), (&json!("Sms"), &json!("enabled")));
        let target = &body["includeTargets"][0];
        assert_eq!((&target["id"], &target["isUsableForSignIn"]), (&json!("all_users"), &json!(true)));
        client.permit(&["User.Read.All"]);
        assert_eq!(client.get(SMS_POLICY).await.0, 403);
    }
}

#[tokio::test]
async fn five_requests_for_authentication_methods_fit_into_ten_seconds() {
    let limits = Limits::published(TenantSize::Small);
    let mut client = Client::with(|options| options.limits = Some(limits)).await;
    client.permit(&[WRITE]);
    let person = client.people_with_phones(1, SmsSignInState::Ready)[0];
    for _ in 0..4 {
        assert_eq!(client.get(&phones_of(person)).await.0, 200);
    }
    assert_eq!(client.switch(person, mobile(), "disableSmsSignIn").await.0, 204);
    let refused = client.request(Method::GET, &phones_of(person)).send().await.unwrap();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "2.000");
    client.tenant.with_directory(|directory| directory.clock().advance(SignedDuration::from_secs(2)));
    assert_eq!(client.get(&phones_of(person)).await.0, 200);
}
