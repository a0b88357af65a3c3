package keyapi_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// exampleService is a key service that gives every call the answer of its table, and a client that is signed in to it.
func exampleService() (server *httptest.Server, client *keyapi.Client) {
	answers := map[string]string{}
	for _, call := range calls() {
		words := strings.FieldsFunc(call.want, func(r rune) bool { return r == ' ' || r == '?' })
		answers[words[0]+" "+words[1]] = call.ok
	}
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := answers[r.Method+" "+r.URL.Path]
		switch {
		case !ok:
			problem(w, 404, keyapi.CodeInvalidRequest)
		case body == "":
			w.WriteHeader(http.StatusNoContent)
		default:
			reply(w, 200, "application/json", body)
		}
	}))
	client, err := keyapi.NewClient(keyapi.ClientOptions{Server: server.URL, Session: keyapi.NewSecret("aps_...")})
	if err != nil {
		log.Fatal(err)
	}
	return server, client
}

func ExampleNewClient() {
	client, err := keyapi.NewClient(keyapi.ClientOptions{
		Server:    "https://keys.example.com",
		Session:   keyapi.NewSecret("aps_..."), // from SignIn, or a pipeline's
		UserAgent: "rotate-job/1.0",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.Origin())
	// Output: https://keys.example.com
}

// A service behind an address of plain http gets no secrets, unless it is this machine.
func ExampleNewClient_plainHTTP() {
	_, err := keyapi.NewClient(keyapi.ClientOptions{Server: "http://keys.example.com"})
	fmt.Println(keyapi.CodeOf(err), err)
	// Output: usage Plain http is for a key service on this machine only
}

// What is bound to an origin is compared in this form.
func ExampleOrigin() {
	origin, err := keyapi.Origin("https://Keys.Example.com:443/team-a/")
	fmt.Println(origin, err)
	// Output: https://keys.example.com <nil>
}

func ExampleClient_Origin() {
	client, err := keyapi.NewClient(keyapi.ClientOptions{Server: "http://localhost:8750/"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.Origin())
	// Output: http://localhost:8750
}

func ExampleClient_Key() {
	server, client := exampleService()
	defer server.Close()
	key, err := client.Key(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.Status, key.AccessKey, key.ExpiresAt.Format(time.DateOnly))
	// Output: active AK0000000000000000A1 2027-11-23
}

func ExampleClient_Generate() {
	server, client := exampleService()
	defer server.Close()
	attempt, err := keyapi.NewIdempotencyKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	result, err := client.Generate(context.Background(), keyapi.Change{IdempotencyKey: attempt})
	if keyapi.CodeOf(err) == keyapi.CodeOutcomeUnknown {
		// The reply was lost. Ask what became of the attempt before making another.
		result, err = client.Recover(context.Background(), attempt)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Key.AccessKey, result.AccessSecret) // Reveal gives the secret, this once
	// Output: AK0000000000000000A1 ***
}

func ExampleClient_Disable() {
	server, client := exampleService()
	defer server.Close()
	seen := int64(1) // fail rather than disable a key nobody has looked at
	result, err := client.Disable(context.Background(), keyapi.Change{IfMatch: &seen})
	fmt.Println(result.Changed, err)
	// Output: true <nil>
}

func ExampleClient_Activate() {
	server, client := exampleService()
	defer server.Close()
	result, err := client.Activate(context.Background(), keyapi.Change{})
	fmt.Println(result.Key.Status, err)
	// Output: active <nil>
}

// The replaced secret works for a day, until every machine has the new one.
func ExampleClient_Regenerate() {
	server, client := exampleService()
	defer server.Close()
	attempt, err := keyapi.NewIdempotencyKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	result, err := client.Regenerate(context.Background(), keyapi.Change{IdempotencyKey: attempt, Grace: 24 * time.Hour})
	fmt.Println(result.Key.Status, result.AccessSecret, err)
	// Output: active *** <nil>
}

func ExampleClient_Delete() {
	server, client := exampleService()
	defer server.Close()
	result, err := client.Delete(context.Background(), keyapi.Change{})
	fmt.Println(result.Changed, err)
	// Output: true <nil>
}

func ExampleClient_DeletePrevious() {
	server, client := exampleService()
	defer server.Close()
	result, err := client.DeletePrevious(context.Background(), keyapi.Change{})
	fmt.Println(result.Changed, err)
	// Output: true <nil>
}

func ExampleClient_Recover() {
	server, client := exampleService()
	defer server.Close()
	attempt := keyapi.IdempotencyKey{Secret: keyapi.NewSecret("ik_0000000000000000000042")} // that of the call that was cut short
	result, err := client.Recover(context.Background(), attempt)
	switch keyapi.CodeOf(err) {
	case "":
		fmt.Println("it made", result.Key.AccessKey)
	case keyapi.CodeNotExecuted:
		fmt.Println("it did nothing")
	default:
		log.Fatal(err)
	}
	// Output: it made AK0000000000000000A1
}

func ExampleClient_Events() {
	server, client := exampleService()
	defer server.Close()
	for cursor := ""; ; {
		page, err := client.Events(context.Background(), cursor)
		if err != nil {
			log.Fatal(err)
		}
		for _, e := range page.Items {
			fmt.Println(e.At.Format(time.RFC3339), e.Action, e.Actor)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	// Output: 2026-11-23T06:44:00Z generate ada
}

func ExampleClient_Authenticate() {
	server, client := exampleService()
	defer server.Close()
	fmt.Println(client.Authenticate(context.Background(), "AK0000000000000000A1", keyapi.NewSecret("aks_…")))
	// Output: <nil>
}

func ExampleClient_Token() {
	server, client := exampleService()
	defer server.Close()
	token, err := client.Token(context.Background(), "AK0000000000000000A1", keyapi.NewSecret("aks_…"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.AccessToken, time.Until(token.ExpiresAt) > 50*time.Minute)
	// Output: *** true
}

func ExampleClient_SignIn() {
	server, client := exampleService()
	defer server.Close()
	in := keyapi.SignIn{LoginID: "ada", Password: keyapi.NewSecret("correct horse battery staple")}
	made, err := client.SignIn(context.Background(), in)
	if keyapi.CodeOf(err) == keyapi.CodeOTPRequired {
		in.OTP = keyapi.NewSecret("123456") // ask for it
		made, err = client.SignIn(context.Background(), in)
	}
	if err != nil {
		log.Fatal(err)
	}
	client.SetSession(made.Token)
	fmt.Println(made.Token, made.MFAEnabled)
	// Output: *** true
}

func ExampleClient_SetSession() {
	server, client := exampleService()
	defer server.Close()
	client.SetSession(keyapi.NewSecret("aps_...")) // the calls that follow are made with it
	_, err := client.Account(context.Background())
	fmt.Println(err)
	// Output: <nil>
}

func ExampleClient_SignOut() {
	server, client := exampleService()
	defer server.Close()
	fmt.Println(client.SignOut(context.Background()))
	// Output: <nil>
}

func ExampleClient_Verify() {
	server, client := exampleService()
	defer server.Close()
	until, err := client.Verify(context.Background(), keyapi.NewSecret("123456"), keyapi.Secret{})
	fmt.Println(until.Format(time.TimeOnly), err)
	// Output: 06:59:00 <nil>
}

func ExampleClient_Sessions() {
	server, client := exampleService()
	defer server.Close()
	list, err := client.Sessions(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range list {
		fmt.Println(s.ID, s.Kind, s.Name, s.Allow)
	}
	// Output: s1 pipeline ci [status]
}

func ExampleClient_CreatePipelineSession() {
	server, client := exampleService()
	defer server.Close()
	info, token, err := client.CreatePipelineSession(context.Background(), "ci", []string{"status"}, time.Hour)
	fmt.Println(info.Name, token, err)
	// Output: ci *** <nil>
}

func ExampleClient_RevokeSession() {
	server, client := exampleService()
	defer server.Close()
	fmt.Println(client.RevokeSession(context.Background(), "s1"))
	// Output: <nil>
}

func ExampleClient_Account() {
	server, client := exampleService()
	defer server.Close()
	account, err := client.Account(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(account.Login, account.Permitted, account.RecoveryCodesLeft)
	// Output: ada true 10
}

func ExampleAccount_MarshalJSON() {
	at := time.Date(2026, 11, 23, 6, 44, 0, 0, time.UTC)
	out, err := json.MarshalIndent(keyapi.Account{
		Login: "ada", Permitted: true, CreatedAt: at,
		Session: keyapi.SessionInfo{ID: "s1", Kind: keyapi.SessionPerson, CreatedAt: at, ExpiresAt: at.AddDate(0, 0, 30), Current: true},
	}, "", " ")
	fmt.Println(string(out), err)
	// Output:
	// {
	//  "schema": 1,
	//  "login": "ada",
	//  "email": null,
	//  "permitted": true,
	//  "mfaEnabled": false,
	//  "mfaRequired": false,
	//  "recoveryCodesLeft": 0,
	//  "createdAt": "2026-11-23T06:44:00Z",
	//  "session": {
	//   "id": "s1",
	//   "kind": "person",
	//   "name": null,
	//   "allow": null,
	//   "createdAt": "2026-11-23T06:44:00Z",
	//   "expiresAt": "2026-12-23T06:44:00Z",
	//   "lastUsedAt": null,
	//   "from": null,
	//   "userAgent": null,
	//   "current": true
	//  }
	// } <nil>
}

func ExampleClient_BeginMFA() {
	server, client := exampleService()
	defer server.Close()
	enrolment, err := client.BeginMFA(context.Background())
	fmt.Println(enrolment.URI, err) // Reveal it into a QR code
	// Output: *** <nil>
}

func ExampleClient_ConfirmMFA() {
	server, client := exampleService()
	defer server.Close()
	codes, err := client.ConfirmMFA(context.Background(), keyapi.NewSecret("123456"))
	fmt.Println(codes, err)
	// Output: [*** ***] <nil>
}

func ExampleClient_NewRecoveryCodes() {
	server, client := exampleService()
	defer server.Close()
	codes, err := client.NewRecoveryCodes(context.Background())
	fmt.Println(codes, err)
	// Output: [*** ***] <nil>
}

func ExampleClient_DisableMFA() {
	server, client := exampleService()
	defer server.Close()
	password, code := keyapi.NewSecret("correct horse battery staple"), keyapi.NewSecret("123456")
	fmt.Println(client.DisableMFA(context.Background(), password, code))
	// Output: <nil>
}

// Programs decide on the code; people get the message and the hint.
func ExampleError() {
	var err error = &keyapi.Error{Code: keyapi.CodeKeyExists, Message: "There is an API key already", Hint: "Replace it with: apikey regenerate"}
	var e *keyapi.Error
	if errors.As(err, &e) && e.Code == keyapi.CodeKeyExists {
		fmt.Println(e)
		fmt.Println(e.Hint)
	}
	// Output:
	// There is an API key already
	// Replace it with: apikey regenerate
}
