package s3test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// client asks the server as its owner, by connections that end with the answer.
func (s *Server) client() *s3.Client {
	return s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(s.Endpoint()), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(RootID, RootSecret, ""),
		HTTPClient: &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: s.o.authorities()},
		}},
	})
}

// authorities are those that the owner trusts; nil is the system's.
func (o Options) authorities() *x509.CertPool {
	if o.CA == nil {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(o.CA)
	return pool
}

// MakeBucket makes a bucket.
func (s *Server) MakeBucket(t testing.TB, bucket string) {
	t.Helper()
	if _, err := s.client().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
}

// Allow lets the account of UserID do so much with the objects of a bucket, for
// example "s3:PutObject", and no more than that.
func (s *Server) Allow(t testing.TB, bucket string, actions ...string) {
	t.Helper()
	if len(actions) == 0 {
		if _, err := s.client().DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: &bucket}); err != nil {
			t.Fatal(err)
		}
		return
	}
	list := fmt.Sprintf("%q", actions[0])
	for _, a := range actions[1:] {
		list += fmt.Sprintf(",%q", a)
	}
	policy := fmt.Sprintf(`{"Statement":[{"Effect":"Allow","Principal":[%q],"Action":[%s],"Resource":"arn:aws:s3:::%s/*"}]}`, UserID, list, bucket)
	if _, err := s.client().PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &policy}); err != nil {
		t.Fatal(err)
	}
}

// RemoveBucket deletes a bucket with all that is in it.
func (s *Server) RemoveBucket(t testing.TB, bucket string) {
	t.Helper()
	for name := range s.Files(t, bucket) {
		if _, err := s.client().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &name}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.client().DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
}
