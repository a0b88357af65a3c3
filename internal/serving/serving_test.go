package serving_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/apikey-cli/apikey/internal/serving"
	"github.com/apikey-cli/apikey/internal/testkit"
	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// serve starts a server that is ended with the test, if not before.
func serve(t *testing.T, handler http.Handler, c *serving.Certificate) *serving.Server {
	t.Helper()
	s, err := serving.Listen(context.Background(), serving.Options{
		Listen: "127.0.0.1:0", Handler: handler, Certificate: c, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	t.Cleanup(func() {
		_ = s.Stop(context.Background())
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

// get makes a request on a connection of its own and gives the body.
func get(address string, c *tls.Config) (string, error) {
	client := http.Client{Transport: &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}}
	response, err := client.Get(address)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}

func TestStop_AnswersWhatIsInHandAndTakesNothingNew(t *testing.T) {
	arrived, goOn := make(chan struct{}), make(chan struct{})
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-goOn
		_, _ = io.WriteString(w, "done")
	}), nil)
	type answer struct {
		text string
		err  error
	}
	inHand, stopped := make(chan answer, 1), make(chan error, 1)
	go func() {
		text, err := get(s.Address(), nil)
		inHand <- answer{text, err}
	}()
	<-arrived
	go func() { stopped <- s.Stop(context.Background()) }()
	for { // until the port is closed
		conn, err := net.Dial("tcp", s.Address()[len("http://"):])
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	if _, err := get(s.Address(), nil); err == nil {
		t.Error("a new request was answered")
	}
	close(goOn)
	if a := <-inHand; a.err != nil || a.text != "done" {
		t.Errorf("the request in hand: %q, %v", a.text, a.err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func TestStop_WhenItsTimeIsOver_CutsOff(t *testing.T) {
	arrived := make(chan struct{})
	s := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}), nil)
	failed := make(chan error, 1)
	go func() {
		_, err := get(s.Address(), nil)
		failed <- err
	}()
	<-arrived
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Stop(over); !errors.Is(err, context.Canceled) {
		t.Errorf("Stop: %v", err)
	}
	if err := <-failed; err == nil {
		t.Error("the request was answered")
	}
}

func TestListen_AddressTaken(t *testing.T) {
	s := serve(t, http.NotFoundHandler(), nil)
	_, err := serving.Listen(context.Background(), serving.Options{
		Listen: s.Address()[len("http://"):], Handler: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler),
	})
	if keyapi.CodeOf(err) != keyapi.CodeUnavailable {
		t.Errorf("error %v, want %s", err, keyapi.CodeUnavailable)
	}
}

// pair is a certificate with its key in two files.
type pair struct{ cert, key string }

// write puts a new certificate for 127.0.0.1 into the files and gives the pool that trusts it alone.
func (p pair) write(t *testing.T) *x509.CertPool {
	t.Helper()
	if err := testkit.WritePair(p.cert, p.key, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	certificate, err := os.ReadFile(p.cert)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate)
	return pool
}

// aged gives a file another time of modification: two writes can come within one tick of the file system's clock.
func (p pair) aged(t *testing.T, by time.Duration) {
	t.Helper()
	at := time.Now().Add(by)
	if err := errors.Join(os.Chtimes(p.cert, at, at), os.Chtimes(p.key, at, at)); err != nil {
		t.Fatal(err)
	}
}

func TestCertificate_ReplacedWhileServing(t *testing.T) {
	files := pair{filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")}
	first := files.write(t)
	certificate, err := serving.LoadCertificate(files.cert, files.key)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }), certificate)
	answers := func(pool *x509.CertPool) bool {
		text, err := get(s.Address(), &tls.Config{RootCAs: pool})
		return err == nil && text == "hello"
	}
	if !answers(first) {
		t.Fatal("no answer with the first certificate")
	}
	if replaced, err := certificate.Refresh(); replaced || err != nil {
		t.Errorf("nothing was replaced: %t, %v", replaced, err)
	}

	second := files.write(t)
	files.aged(t, time.Minute)
	if replaced, err := certificate.Refresh(); !replaced || err != nil {
		t.Errorf("the pair was replaced: %t, %v", replaced, err)
	}
	if !answers(second) || answers(first) {
		t.Error("the new certificate is not the one in use")
	}

	if err := os.WriteFile(files.key, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	files.aged(t, 2*time.Minute)
	if replaced, err := certificate.Refresh(); !replaced || keyapi.CodeOf(err) != keyapi.CodeUsage {
		t.Errorf("a bad pair: %t, %v", replaced, err)
	}
	if replaced, err := certificate.Refresh(); replaced || err != nil {
		t.Errorf("a bad pair is told more than once: %t, %v", replaced, err)
	}
	if !answers(second) {
		t.Error("a bad pair ended the one in use")
	}

	third := files.write(t)
	if err := certificate.Reload(); err != nil {
		t.Fatal(err)
	}
	if !answers(third) {
		t.Error("the pair that was mended is not in use")
	}
}

func TestLoadCertificate_FilesMissing(t *testing.T) {
	if _, err := serving.LoadCertificate(filepath.Join(t.TempDir(), "a"), "b"); keyapi.CodeOf(err) != keyapi.CodeUsage {
		t.Errorf("error %v, want %s", err, keyapi.CodeUsage)
	}
}

func TestServer_SpeaksNoOldTLS(t *testing.T) {
	files := pair{filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")}
	pool := files.write(t)
	certificate, err := serving.LoadCertificate(files.cert, files.key)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, http.NotFoundHandler(), certificate)
	if _, err := get(s.Address(), &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 was spoken")
	}
	if _, err := get(s.Address(), &tls.Config{RootCAs: pool}); err != nil {
		t.Error(err)
	}
}

func TestNotify(t *testing.T) {
	dir, err := os.MkdirTemp("", "n-") // the path of a socket has some 100 characters at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	if err := serving.Notify(path, serving.Ready); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 64)
	n, err := socket.Read(got)
	if err != nil || string(got[:n]) != "READY=1" {
		t.Errorf("%q, %v", got[:n], err)
	}
	if err := serving.Notify("", serving.Ready); err != nil {
		t.Errorf("without a manager: %v", err)
	}
	if err := serving.Notify(filepath.Join(dir, "none"), serving.Ready); err == nil {
		t.Error("a manager that is not there was told")
	}
}
