// Package mysqltls decides how connections to a MySQL server are encrypted,
// for everything in a process that has a data source name.
package mysqltls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/go-sql-driver/mysql"
)

// Mode is how far a server is trusted, in the words of MySQL's own clients.
type Mode string

// The modes. MySQL's PREFERRED is not among them: it gives way to whoever
// takes the server's offer of TLS out of its greeting.
const (
	// Automatic is VerifyIdentity, or Disabled where the connection stays on
	// this machine (a socket, a loopback address) and no file is given.
	Automatic Mode = ""
	// Disabled does not encrypt.
	Disabled Mode = "disabled"
	// Required encrypts and believes any certificate: it keeps listeners out,
	// not somebody who answers in the server's place.
	Required Mode = "required"
	// VerifyCA also wants the certificate signed by an authority of CAFile, for
	// whatever host: what MySQL makes for itself names none.
	VerifyCA Mode = "verify_ca"
	// VerifyIdentity wants the certificate signed by an authority of CAFile, or
	// of the system where that is empty, and made for the host of the data
	// source name.
	VerifyIdentity Mode = "verify_identity"
)

// Options say how one server is spoken to.
type Options struct {
	Mode Mode
	// CAFile holds the certificates, in PEM, of the authorities to trust
	// instead of the system's.
	CAFile string
	// CertFile and KeyFile hold the client's own certificate and key, in PEM,
	// for accounts that REQUIRE X509. Both or none.
	CertFile, KeyFile string
}

// New returns the configuration of TLS for the server that dsn names, nil
// where connections are not encrypted. A parameter tls of dsn, in the meaning
// of go-sql-driver, counts where there is no mode: true is VerifyIdentity,
// skip-verify is Required, false is Disabled. The error says what of the
// options contradicts itself or which file cannot be used.
func New(dsn string, o Options) (*tls.Config, error) {
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("parse the data source name: %w", err)
	}
	if o.Mode, err = resolve(c, o); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil || o.Mode == Disabled {
		return nil, err
	}
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		host = c.Addr // A socket: a name for the authority's sake only.
	}
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if config.RootCAs, err = authorities(o.CAFile); err != nil {
		return nil, err
	}
	if o.CertFile != "" {
		own, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("load the client's certificate %s with its key %s: %w", o.CertFile, o.KeyFile, err)
		}
		config.Certificates = []tls.Certificate{own}
	}
	switch o.Mode {
	case Required:
		config.InsecureSkipVerify = true
	case VerifyCA: // What the library cannot leave out alone, the host, leaves out everything.
		config.InsecureSkipVerify = true
		config.VerifyConnection = signedBy(config.RootCAs)
	}
	return config, nil
}

// resolve finds the mode that o and the data source name mean.
func resolve(c *mysql.Config, o Options) (Mode, error) {
	if c.TLSConfig != "" && o.Mode != Automatic {
		return "", fmt.Errorf("the data source name says tls=%s, and the mode is %s; keep one", c.TLSConfig, o.Mode)
	}
	switch c.TLSConfig {
	case "":
	case "true":
		return VerifyIdentity, nil
	case "skip-verify":
		return Required, nil
	case "false":
		return Disabled, nil
	default:
		return "", fmt.Errorf("the data source name says tls=%s, which anybody between here and the server can turn into no encryption; set mode instead", c.TLSConfig)
	}
	if o.Mode == Automatic {
		if o.CAFile == "" && o.CertFile == "" && local(c) {
			return Disabled, nil
		}
		return VerifyIdentity, nil
	}
	return o.Mode, nil
}

// local tells whether connections stay on this machine.
func local(c *mysql.Config) bool {
	host, _, err := net.SplitHostPort(c.Addr)
	ip := net.ParseIP(host)
	return c.Net == "unix" || err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// check refuses what would be without effect, or would mean nothing.
func (o Options) check() error {
	switch {
	case o.Mode == Disabled && (o.CAFile != "" || o.CertFile != "" || o.KeyFile != ""):
		return errors.New("mode disabled uses none of ca_file, cert_file and key_file; leave them out")
	case o.Mode == Required && o.CAFile != "":
		return errors.New("mode required does not look at ca_file; set mode verify_ca or verify_identity, or leave ca_file out")
	case o.Mode == VerifyCA && o.CAFile == "":
		return errors.New("mode verify_ca needs ca_file: any certificate that some public authority signed would do otherwise")
	case (o.CertFile == "") != (o.KeyFile == ""):
		return errors.New("cert_file and key_file belong together; set both or none")
	}
	return nil
}

// authorities reads the certificates of a file. An empty path is nil, which
// stands for those of the system.
func authorities(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the authorities to trust: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read the authorities to trust: %s holds no certificate in PEM", path)
	}
	return pool, nil
}

// signedBy verifies a server's certificate but for its host.
func signedBy(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		between := x509.NewCertPool()
		for _, certificate := range s.PeerCertificates[1:] {
			between.AddCert(certificate)
		}
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
		if err != nil {
			return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
		}
		return nil
	}
}
