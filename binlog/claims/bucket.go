package claims

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"telltale/internal/claimurl"
)

// Bucket is a bucket of claim checks on a server that speaks S3. It may be used
// from several goroutines.
type Bucket struct {
	client      *s3.Client
	connections *http.Client
	at          claimurl.Location
}

// Bounds of a call. The library tries three times what may go better the next
// time, all within putTimeout and what the bytes take at the slowest.
const (
	answerTimeout = 30 * time.Second // From the last byte sent to the first received.
	putTimeout    = 20 * time.Second
	slowest       = 1 << 20 // Bytes a second.
)

// defaultRegion is what servers other than Amazon's call theirs, unless told
// otherwise. A request is signed for a region.
const defaultRegion = "us-east-1"

// OpenBucket prepares requests to the bucket and makes none. Credentials come from
// the environment, the shared files, or the machine or container that this runs
// on, as the library finds them; certificates are verified by the authorities of
// the system, or of the file that AWS_CA_BUNDLE names.
func OpenBucket(ctx context.Context, at claimurl.Location) (*Bucket, error) {
	options := []func(*config.LoadOptions) error{config.WithHTTPClient(awshttp.NewBuildableClient())}
	if at.Region != "" {
		options = append(options, config.WithRegion(at.Region))
	}
	c, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("read the settings of bucket %s: %w", at.Bucket, err)
	}
	connections := clientOf(c)
	client := s3.NewFromConfig(c, func(o *s3.Options) {
		o.HTTPClient = connections
		// What is put says its own SHA-256; another sum would be one more pass.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		if at.Endpoint != "" { // Others seldom have a host name for each bucket.
			o.BaseEndpoint, o.UsePathStyle = &at.Endpoint, true
			if o.Region == "" {
				o.Region = defaultRegion
			}
		}
	})
	if client.Options().Region == "" {
		return nil, errNoRegion
	}
	return &Bucket{client: client, connections: connections, at: at}, nil
}

// clientOf makes a client with what the settings say of connections, whose idle
// ones can be closed, as the library's own cannot. It follows no redirect, as the
// library's: what was signed for one host is worth nothing at another.
func clientOf(c aws.Config) *http.Client {
	transport := awshttp.NewBuildableClient().GetTransport()
	if b, ok := c.HTTPClient.(*awshttp.BuildableClient); ok { // With the authorities of AWS_CA_BUNDLE.
		transport = b.GetTransport()
	}
	transport.ResponseHeaderTimeout = answerTimeout
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Put writes a value into an object that its hash names and returns its URL. The
// server has compared the hash with what it got, and keeps it with the object. One
// that is there is overwritten with the same bytes.
func (b *Bucket) Put(ctx context.Context, sum [sha256.Size]byte, value []byte) (string, error) {
	name := nameOf(sum)
	limit := putTimeout + time.Duration(len(value)/slowest)*time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer after %v", limit))
	defer cancel()
	return b.at.URL(name), b.put(ctx, b.at.Object(name), sum, value)
}

func (b *Bucket) put(ctx context.Context, object string, sum [sha256.Size]byte, value []byte) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.at.Bucket, Key: &object, Body: bytes.NewReader(value),
		ContentLength: aws.Int64(int64(len(value))), ContentType: aws.String("application/json"),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		ChecksumSHA256:    aws.String(base64.StdEncoding.EncodeToString(sum[:])),
	})
	return explained(ctx, err)
}

// Probe writes a small object, reads it and deletes it.
func (b *Bucket) Probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, putTimeout, fmt.Errorf("no answer after %v", putTimeout))
	defer cancel()
	object := b.at.Object("probe-" + rand.Text())
	if err := b.put(ctx, object, sha256.Sum256(probeValue), probeValue); err != nil {
		return fmt.Errorf("write a probe: %w", err)
	}
	err := b.compare(ctx, object)
	if _, gone := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.at.Bucket, Key: &object}); gone != nil {
		err = errors.Join(err, fmt.Errorf("delete the probe: %w", explained(ctx, gone)))
	}
	return err
}

func (b *Bucket) compare(ctx context.Context, object string) error {
	found, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.at.Bucket, Key: &object})
	if err != nil {
		return fmt.Errorf("read the probe: %w", explained(ctx, err))
	}
	defer found.Body.Close()
	got, err := io.ReadAll(io.LimitReader(found.Body, int64(len(probeValue))+1))
	if err == nil && !bytes.Equal(got, probeValue) {
		err = errProbe
	}
	return err
}

// Close ends the connections that wait for another request.
func (b *Bucket) Close() { b.connections.CloseIdleConnections() }
