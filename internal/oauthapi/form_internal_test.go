package oauthapi

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// FuzzBasic: whatever stands in the header, nothing panics, and a credential comes out as it was put in.
func FuzzBasic(f *testing.F) {
	f.Add("Basic QUs6YWtz", "AK0123456789ABCDEFGH", "aks_x")
	f.Add("basic ", "", "")
	f.Add("Bearer a.b.c", "a:b", "%zz+")
	f.Add("Basic \xff", "\x00", "\xff:")
	f.Fuzz(func(t *testing.T, header, id, secret string) {
		c := basic(header)
		if len(c.id)+len(c.secret.Reveal()) > len(header) {
			t.Errorf("%q gives more than it holds", header)
		}
		pair := url.QueryEscape(id) + ":" + url.QueryEscape(secret)
		header = "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
		if len(header) > maxForm {
			return
		}
		if c := basic(header); c.id != id || c.secret.Reveal() != secret {
			t.Errorf("%q and %q come back as %q and %q", id, secret, c.id, c.secret.Reveal())
		}
	})
}

// FuzzForm: a form is read as it was written, or refused; and never has a parameter twice.
func FuzzForm(f *testing.F) {
	f.Add("grant_type=client_credentials", "Basic QUs6YWtz", true)
	f.Add("client_id=a&client_secret=b", "", false)
	f.Add("a=1&a=2", "Bearer x", true)
	f.Add("%zz;=&&=", "\x00", true)
	f.Fuzz(func(t *testing.T, body, authorization string, headed bool) {
		r := httptest.NewRequest(http.MethodPost, "/token?client_id=url&client_secret=url", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		form, problem := readForm(r)
		if problem != "" {
			if form != nil {
				t.Errorf("refused (%s), and read", problem)
			}
			return
		}
		if len(body) > maxForm {
			t.Errorf("a form of %d bytes is read", len(body))
		}
		for name, values := range form {
			if len(values) != 1 {
				t.Errorf("%q is there %d times", name, len(values))
			}
		}
		h := http.Header{}
		if headed {
			h.Set("Authorization", authorization)
		}
		c, problem := readCredential(h, form)
		switch {
		case problem != "" && c != (credential{}):
			t.Errorf("refused (%s), and read", problem)
		case !headed && (c.id != form.Get("client_id") || c.secret.Reveal() != form.Get("client_secret")):
			t.Error("the credential of the form is another")
		case headed && !c.secret.IsZero() && form.Get("client_secret") != "":
			t.Error("two credentials, and one is taken")
		case strings.Contains(fmt.Sprintf("%v", c), "url") && !strings.Contains(body+authorization, "url"):
			t.Error("what stands in the URL counts")
		}
	})
}
