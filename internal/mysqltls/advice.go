package mysqltls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"
)

// errSecureTransport is what a server says that has require_secure_transport.
const errSecureTransport = 3159

// Advice says how to mend what kept a connection from being encrypted, or from
// being made without; key is where the server's data source name is configured,
// "source" or "consumers.database". It is empty where err is about something
// else.
func Advice(err error, key string) string {
	var my *mysql.MySQLError
	switch {
	case errors.Is(err, mysql.ErrNoTLS), errors.As(err, &my) && my.Number == errSecureTransport:
		return advise(err, key)
	case errors.As(err, new(*tls.CertificateVerificationError)), errors.As(err, new(x509.HostnameError)), errors.As(err, new(x509.UnknownAuthorityError)):
		return adviseTrust(err, key)
	}
	return ""
}

func advise(err error, key string) string {
	if errors.Is(err, mysql.ErrNoTLS) {
		return fmt.Sprintf("give the server a certificate (ssl_cert, ssl_key), or, on a network that you trust, set %s.tls.mode: disabled", key)
	}
	return fmt.Sprintf("set %[1]s.tls.ca_file to the authority that signed the server's certificate, or %[1]s.tls.mode: verify_identity where the system trusts it", key)
}

func adviseTrust(err error, key string) string {
	if errors.As(err, new(x509.HostnameError)) {
		return fmt.Sprintf("use the host that the certificate names; where it names none, as those that MySQL makes for itself, "+
			"set %[1]s.tls.ca_file to the server's ca.pem and %[1]s.tls.mode: verify_ca", key)
	}
	return fmt.Sprintf("set %[1]s.tls.ca_file to the authority that signed the server's certificate: ca.pem in the data directory for those that MySQL makes for itself, "+
		"with %[1]s.tls.mode: verify_ca, since they name no host; mode required encrypts without looking at the certificate", key)
}
