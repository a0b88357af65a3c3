package interop_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/apikey-cli/apikey/internal/testkit"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

const guides = "../../docs/guides/"

var fence = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

// reader is somebody who follows a guide: with apikey and apikeyd in the PATH, signed in, on a machine of their own.
type reader struct {
	*service
	api  string // URL of an API that takes tokens of the service
	dir  string
	home string
	bin  string // programs of the test's own
}

func newReader(t *testing.T) *reader {
	t.Helper()
	s := start(t)
	api := httptest.NewServer(http.HandlerFunc(s.guarded))
	t.Cleanup(api.Close)
	r := &reader{service: s, api: api.URL, dir: t.TempDir(), home: t.TempDir(), bin: t.TempDir()}
	r.shell(nil, "printf '%s\\n' '"+password+"' | apikey login --server "+s.url+" --login-id ada --password-stdin")
	return r
}

// guarded is an API that asks the service about every token.
func (s *service) guarded(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !s.active(r.Context(), token) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_, _ = w.Write([]byte("hello\n"))
}

func (s *service) active(ctx context.Context, token string) bool {
	form := strings.NewReader(url.Values{"token": {token}}.Encode())
	ask, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/introspect", form)
	if err != nil {
		return false
	}
	ask.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	ask.SetBasicAuth(s.resource.id, s.resource.secret)
	reply, err := http.DefaultClient.Do(ask)
	if err != nil {
		return false
	}
	defer func() { _ = reply.Body.Close() }()
	var said struct{ Active bool }
	return json.NewDecoder(reply.Body).Decode(&said) == nil && said.Active
}

// blocks gives the examples of one language of a guide, with the addresses of this test.
func (r *reader) blocks(guide, language string) []string {
	r.t.Helper()
	text, err := os.ReadFile(guides + guide)
	if err != nil {
		r.t.Fatal(err)
	}
	var found []string
	for _, block := range fence.FindAllStringSubmatch(string(text), -1) {
		if block[1] == language {
			found = append(found, strings.NewReplacer("https://key.example.com", r.url, "https://api.example.com", r.api).Replace(block[2]))
		}
	}
	return found
}

// shell runs a script and gives what it prints.
func (r *reader) shell(env []string, script string) string {
	r.t.Helper()
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = r.dir
	cmd.Env = append([]string{
		"HOME=" + r.home, "PATH=" + r.bin + ":" + filepath.Dir(built.apikey) + ":" + os.Getenv("PATH"), "APIKEY_STORE=file", "APIKEYD_DATA=" + r.data,
	}, env...)
	return run(r.t, cmd)
}

// TestGuides_Commands: every shell example of a guide works, one after the other.
func TestGuides_Commands(t *testing.T) {
	program(t, "curl", "apt-get install -y curl")
	program(t, "jq", "apt-get install -y jq")
	files, err := os.ReadDir(guides)
	if err != nil || len(files) == 0 {
		t.Fatalf("%d guides, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(file.Name(), func(t *testing.T) {
			r := newReader(t)
			if blocks := r.blocks(file.Name(), "sh"); len(blocks) > 0 {
				r.shell(r.env(), strings.Join(blocks, "\n"))
			}
		})
	}
}

// TestGuide_Curl_TakesTheTokenBack: the last example did what it says.
func TestGuide_Curl_TakesTheTokenBack(t *testing.T) {
	program(t, "curl", "apt-get install -y curl")
	program(t, "jq", "apt-get install -y jq")
	r := newReader(t)
	blocks := r.blocks("curl.md", "sh")
	before := strings.Join(blocks[:len(blocks)-1], "\n")
	token := strings.TrimSpace(r.shell(r.env(), "{ "+before+"\n} >&2; echo \"$token\""))
	if !r.active(context.Background(), token) {
		t.Error("the token of the guide is not good")
	}
	r.shell(r.env(), "token="+token+"\n"+blocks[len(blocks)-1])
	if r.active(context.Background(), token) {
		t.Error("the token of the guide was not taken back")
	}
}

// TestGuide_GitHubActions runs the steps as the runner does: each in a shell of its own, with what an earlier one wrote to
// $GITHUB_ENV.
func TestGuide_GitHubActions(t *testing.T) {
	program(t, "curl", "apt-get install -y curl")
	r := newReader(t)
	var workflow struct {
		Jobs map[string]struct {
			Env   map[string]string
			Steps []struct {
				Name, Run string
				Env       map[string]string
			}
		}
	}
	r.parse("github-actions.md", &workflow)
	given := strings.NewReplacer("${{ vars.APIKEY_ACCESS_KEY }}", r.key.id, "${{ secrets.APIKEY_ACCESS_SECRET }}", r.key.secret)
	kept := filepath.Join(r.dir, "github-env")
	if err := os.WriteFile(kept, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var printed strings.Builder
	for _, step := range workflow.Jobs["call"].Steps {
		earlier, err := os.ReadFile(kept)
		if err != nil {
			t.Fatal(err)
		}
		env := append(strings.Fields(string(earlier)), "GITHUB_ENV="+kept, "CI=true")
		for _, more := range []map[string]string{workflow.Jobs["call"].Env, step.Env} {
			for name, value := range more {
				env = append(env, name+"="+given.Replace(value))
			}
		}
		printed.WriteString(r.shell(env, step.Run))
	}
	_, token, _ := strings.Cut(printed.String(), "::add-mask::")
	token, rest, _ := strings.Cut(token, "\n")
	if printed.String() != "::add-mask::"+token+"\nhello\n" || !r.active(context.Background(), token) {
		t.Errorf("printed %q, then %q", printed.String(), rest)
	}
}

// TestGuide_GitLab runs the lines of the job in one shell.
func TestGuide_GitLab(t *testing.T) {
	program(t, "curl", "apt-get install -y curl")
	r := newReader(t)
	var pipeline map[string]struct {
		Variables map[string]string
		Script    []string
	}
	r.parse("gitlab.md", &pipeline)
	env := []string{"CI=true", "APIKEY_ACCESS_KEY=" + r.key.id, "APIKEY_ACCESS_SECRET=" + r.key.secret}
	for name, value := range pipeline["call"].Variables {
		env = append(env, name+"="+value)
	}
	if out := r.shell(env, strings.Join(pipeline["call"].Script, "\n")); out != "hello\n" {
		t.Errorf("printed %q", out)
	}
}

// TestGuide_Kubernetes runs the container's command as a Pod would, on a volume that stays, with a stand-in for kubectl
// that keeps what it is given.
func TestGuide_Kubernetes(t *testing.T) {
	program(t, "jq", "apt-get install -y jq")
	r := newReader(t)
	if _, err := r.client().Delete(context.Background(), keyapi.Change{}); err != nil {
		t.Fatal(err)
	}
	r.shell(nil, strings.Join(r.blocks("kubernetes.md", "sh"), "\n"))
	session, err := os.ReadFile(filepath.Join(r.dir, "session.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var job struct {
		Spec struct {
			JobTemplate struct {
				Spec struct {
					Template struct {
						Spec struct {
							Containers []struct {
								Command, Args []string
								Env           []struct{ Name, Value string }
							}
						}
					}
				}
			} `yaml:"jobTemplate"`
		}
	}
	r.parse("kubernetes.md", &job)
	container := job.Spec.JobTemplate.Spec.Template.Spec.Containers[0]
	kept := filepath.Join(r.dir, "secret.env")
	standIn := "#!/bin/sh\ncase $1 in create) cat >" + kept + "; echo manifest ;; apply) cat >/dev/null ;; *) exit 1 ;; esac\n"
	if err := os.WriteFile(filepath.Join(r.bin, "kubectl"), []byte(standIn), 0o700); err != nil {
		t.Fatal(err)
	}
	pod := func(within string) pair {
		t.Helper()
		cmd := exec.Command(container.Command[0], slices.Concat(container.Command[1:], []string{strings.ReplaceAll(container.Args[0], "30d", within)})...)
		cmd.Dir = r.dir
		cmd.Env = []string{"PATH=" + r.bin + ":" + filepath.Dir(built.apikey) + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
		for _, variable := range container.Env {
			value := strings.ReplaceAll(variable.Value, "/state", filepath.Join(r.dir, "state"))
			if variable.Name == "APIKEY_SESSION" {
				value = strings.TrimSpace(string(session))
			}
			cmd.Env = append(cmd.Env, variable.Name+"="+value)
		}
		run(t, cmd)
		text, err := os.ReadFile(kept)
		if err != nil {
			t.Fatal(err)
		}
		var p pair
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			switch name {
			case "APIKEY_ACCESS_KEY":
				p.id = value
			case "APIKEY_ACCESS_SECRET":
				p.secret = value
			}
		}
		return p
	}
	accepted := func(p pair) bool {
		return r.client().Authenticate(context.Background(), p.id, keyapi.NewSecret(p.secret)) == nil
	}
	first, same := pod("30d"), pod("30d")
	if first != same || !accepted(first) {
		t.Error("a run that is not due changed the pair, or made none that works")
	}
	if next := pod("366d"); next == first || !accepted(next) || !accepted(first) {
		t.Error("a run that is due made no new pair that works beside the old one")
	}
}

// parse reads the only YAML example of a guide.
func (r *reader) parse(guide string, into any) {
	r.t.Helper()
	blocks := r.blocks(guide, "yaml")
	if len(blocks) != 1 {
		r.t.Fatalf("%s has %d YAML examples", guide, len(blocks))
	}
	if err := yaml.Unmarshal([]byte(blocks[0]), into); err != nil {
		r.t.Fatal(err)
	}
}

// TestGuide_Offline runs the program of the guide. What the guide says first is TestGo_OIDC_Offline's.
func TestGuide_Offline(t *testing.T) {
	r := newReader(t)
	address := freeAddress(t)
	source := filepath.Join(r.dir, "main.go")
	text := strings.ReplaceAll(r.blocks("offline-verification.md", "go")[0], "127.0.0.1:8080", address)
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	api := filepath.Join(r.dir, "api")
	build := exec.Command("go", "build", "-o", api, source) // here, for the library is this module's
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	run(t, build)
	background(t, exec.Command(api))
	token := r.token()
	wantStatus(t, "a good token", http.StatusOK, address, "Bearer "+token)
	wantStatus(t, "no token", http.StatusUnauthorized, address, "")
	wantStatus(t, "another scheme", http.StatusUnauthorized, address, "Basic "+token)
	wantStatus(t, "another signature", http.StatusUnauthorized, address, "Bearer "+token[:len(token)-8]+"AAAAAAAA")
	wantStatus(t, "unsigned", http.StatusUnauthorized, address, "Bearer eyJhbGciOiJub25lIn0.e30.")
}

// TestGuide_Nginx runs the real nginx with the configuration of the guide before an API that takes everything.
func TestGuide_Nginx(t *testing.T) {
	const nginx, module = "/usr/sbin/nginx", "/usr/lib/nginx/modules/ngx_http_js_module.so"
	for _, path := range []string{nginx, module} {
		if _, err := os.Stat(path); err != nil {
			testkit.Missing(t, "nginx", err.Error(), "apt-get install -y --no-install-recommends nginx-light libnginx-mod-http-js")
		}
	}
	program(t, "jq", "apt-get install -y jq")
	r := newReader(t)
	headers := make(chan http.Header, 100)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { headers <- r.Header.Clone() }))
	t.Cleanup(api.Close)
	r.shell(r.env(), strings.Join(r.blocks("nginx.md", "sh"), "\n")) // writes apikey-resource.conf
	address := freeAddress(t)
	config := strings.NewReplacer(
		"/etc/nginx/", r.dir+"/", "127.0.0.1:8080", address, "http://127.0.0.1:9000", api.URL,
	).Replace(r.blocks("nginx.md", "nginx")[0])
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("introspect.js", r.blocks("nginx.md", "js")[0])
	temporary := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temporary += kind + "_temp_path " + r.dir + "/" + kind + ";\n"
	}
	user := ""
	if os.Getuid() == 0 { // workers of another user could not read this folder
		user = "user root;\n"
	}
	write("nginx.conf", "load_module "+module+";\n"+user+"daemon off;\npid "+r.dir+"/pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n"+
		temporary+config+"}\n")
	background(t, exec.Command(nginx, "-p", r.dir, "-c", filepath.Join(r.dir, "nginx.conf"), "-e", "stderr"))

	token := r.token()
	wantStatus(t, "a good token", http.StatusOK, address, "Bearer "+token)
	if got := <-headers; got.Get("Authorization") != "" {
		t.Error("the API got the token")
	}
	for name, header := range map[string]string{
		"no token": "", "another scheme": "Basic " + token, "no scheme": token, "another signature": "Bearer " + token[:len(token)-8] + "AAAAAAAA",
		"more than a token": "Bearer " + token + "&token=x", "garbage": "Bearer x",
	} {
		wantStatus(t, name, http.StatusUnauthorized, address, header)
	}
	r.disable()
	wantStatus(t, "a disabled key's", http.StatusUnauthorized, address, "Bearer "+token)
	if len(headers) != 0 {
		t.Error("the API was reached without a good token")
	}
	r.operate("", "resource", "remove", "nginx", "--yes")
	time.Sleep(time.Second) // so long at most what another process changed is not known to the service
	wantStatus(t, "when the service does not answer nginx", http.StatusInternalServerError, address, "Bearer "+token)
}
