package serving

import (
	"crypto/tls"
	"os"
	"sync/atomic"
	"time"

	"github.com/apikey-cli/apikey/pkg/keyapi"
)

// Certificate is a certificate with its key, from two files that may be replaced while it is in use. Reload and Refresh
// are for one goroutine.
type Certificate struct {
	certFile, keyFile string
	current           atomic.Pointer[tls.Certificate]
	seen              [2]stamp // of the files as they were read last, whether or not they were good
}

// stamp tells whether a file was replaced.
type stamp struct {
	modified time.Time
	size     int64
}

// LoadCertificate reads the pair. Error: CodeUsage if it is none.
func LoadCertificate(certFile, keyFile string) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile}
	return c, c.Reload()
}

// Reload reads the pair again. If it is none, the one in use stays, and the error says why.
func (c *Certificate) Reload() error {
	c.seen = c.stamps()
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return &keyapi.Error{
			Code: keyapi.CodeUsage, Message: "The certificate and its key cannot be used", Err: err,
			Hint: "Mend " + c.certFile + " or " + c.keyFile + ".",
		}
	}
	c.current.Store(&pair)
	return nil
}

// Refresh reloads the pair if its files were replaced since, and tells whether they were.
func (c *Certificate) Refresh() (replaced bool, err error) {
	if c.seen == c.stamps() {
		return false, nil
	}
	return true, c.Reload()
}

// stamps looks at both files; one that is not there has the zero stamp.
func (c *Certificate) stamps() (seen [2]stamp) {
	for i, path := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(path); err == nil {
			seen[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return seen
}

// get gives the pair in use to a handshake.
func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}
