// Package certtest makes certificates for tests of TLS: an authority of the
// test's own, and what it issues, as PEM files.
package certtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority is a certificate authority that nobody but the test trusts.
type Authority struct {
	// File holds its certificate.
	File string

	dir         string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// Pair is a certificate of an [Authority], with its key.
type Pair struct {
	// CertFile and KeyFile hold the certificate and its PKCS #8 key.
	CertFile, KeyFile string
	// KeyStore holds both, the key first, as Kafka wants them.
	KeyStore string
}

// New makes an authority.
func New(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{dir: t.TempDir(), key: newKey(t)}
	a.File = filepath.Join(a.dir, "ca.pem")
	template := newTemplate(t, "an authority of the tests")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	a.certificate = template
	a.certificate = parse(t, a.sign(t, template, &a.key.PublicKey))
	write(t, a.File, block("CERTIFICATE", a.certificate.Raw))
	return a
}

// Issue makes a certificate for hosts: names and addresses. A server may show
// it, and so may a client.
func (a *Authority) Issue(t testing.TB, hosts ...string) Pair {
	t.Helper()
	key, template := newKey(t), newTemplate(t, hosts[0])
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM, keyPEM := block("CERTIFICATE", a.sign(t, template, &key.PublicKey)), block("PRIVATE KEY", private)
	base := filepath.Join(a.dir, hosts[0])
	p := Pair{CertFile: base + ".cert.pem", KeyFile: base + ".key.pem", KeyStore: base + ".store.pem"}
	write(t, p.CertFile, certPEM)
	write(t, p.KeyFile, keyPEM)
	write(t, p.KeyStore, bytes.Join([][]byte{keyPEM, certPEM}, nil))
	return p
}

func (a *Authority) sign(t testing.TB, template *x509.Certificate, public *ecdsa.PublicKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, public, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newTemplate(t testing.TB, name string) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
}

func parse(t testing.TB, der []byte) *x509.Certificate {
	t.Helper()
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func write(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
