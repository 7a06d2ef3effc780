package source

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // SignatureVersion 1 is RSA over SHA-1
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	headerSNSType   = "X-Amz-Sns-Message-Type"
	snsNotification = "Notification"
	snsSubscription = "SubscriptionConfirmation"
	// maxKeyBits is twice what Amazon's certificates have: the time that a
	// signature's check takes grows with the key.
	maxKeyBits = 4096
)

// snsMessage is a message of Amazon SNS; its body is JSON under the content
// type text/plain.
type snsMessage struct {
	Type             string  `json:"Type"`
	MessageID        string  `json:"MessageId"`
	TopicARN         string  `json:"TopicArn"`
	Subject          *string `json:"Subject"`
	Message          string  `json:"Message"`
	Timestamp        string  `json:"Timestamp"`
	Token            string  `json:"Token"`
	SubscribeURL     string  `json:"SubscribeURL"`
	SignatureVersion string  `json:"SignatureVersion"`
	Signature        string  `json:"Signature"`
	SigningCertURL   string  `json:"SigningCertURL"`
}

// CertificateURL is where the certificate of a message is, if the message is of
// a topic that is believed and the URL is Amazon's: whoever sends it chose it.
func (e *eventbridge) CertificateURL(r Request) string {
	var m snsMessage
	if r.Header.Get(headerSNSType) == "" || json.Unmarshal(r.Body, &m) != nil || !slices.Contains(e.topics, m.TopicARN) {
		return ""
	}
	u, ok := snsURL(m.SigningCertURL)
	if !ok || path.Ext(u.Path) != ".pem" || u.RawQuery != "" {
		return ""
	}
	return u.String()
}

// snsURL accepts https on sns.<region>.amazonaws.com or .com.cn, and nothing
// that could hide another host. sns.s3-<region>.amazonaws.com, which looks much
// the same, is somebody's bucket.
func snsURL(raw string) (*url.URL, bool) {
	u, err := url.Parse(raw)
	if err != nil || !isSecure(u) || u.Fragment != "" {
		return nil, false
	}
	return u, regexp.MustCompile(`^sns\.[a-z]{2,4}(-[a-z]{2,12}){1,3}-[0-9]{1,2}\.amazonaws\.com(\.cn)?$`).MatchString(u.Hostname())
}

func (e *eventbridge) verifySNS(r Request) error {
	var m snsMessage
	if json.Unmarshal(r.Body, &m) != nil {
		return fmt.Errorf("%w: the body is no SNS message", ErrSignature)
	}
	if !slices.Contains(e.topics, m.TopicARN) {
		return fmt.Errorf("%w: the topic is none of the source's secrets", ErrSignature)
	}
	key, err := snsKey(r.Certificate, r.ReceivedAt)
	if err != nil {
		return err
	}
	signature, err := base64.StdEncoding.DecodeString(m.Signature)
	if err != nil {
		return fmt.Errorf("%w: it is not base64", ErrSignature)
	}
	text := m.signedText()
	switch m.SignatureVersion {
	case "1":
		sum := sha1.Sum([]byte(text)) //nolint:gosec // see the import
		err = rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], signature)
	case "2":
		sum := sha256.Sum256([]byte(text))
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	default:
		return fmt.Errorf("%w: its version is unknown", ErrSignature)
	}
	if err != nil {
		return fmt.Errorf("%w: it does not fit the certificate", ErrSignature)
	}
	return nil
}

// snsKey is the key of a certificate that came from Amazon's host over https.
func snsKey(certificate []byte, now time.Time) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(certificate)
	if block == nil {
		return nil, fmt.Errorf("%w: there is no certificate of Amazon's", ErrSignature)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil || now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return nil, fmt.Errorf("%w: the certificate is not valid now", ErrSignature)
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: the certificate's key is not RSA", ErrSignature)
	}
	if key.N.BitLen() > maxKeyBits {
		return nil, fmt.Errorf("%w: the certificate's key has more than %d bits", ErrSignature, maxKeyBits)
	}
	return key, nil
}

// signedText is what SNS signs: names and values of some fields, by name.
func (m snsMessage) signedText() string {
	pairs := []string{"Message", m.Message, "MessageId", m.MessageID}
	if m.Type == snsNotification {
		if m.Subject != nil {
			pairs = append(pairs, "Subject", *m.Subject)
		}
	} else {
		pairs = append(pairs, "SubscribeURL", m.SubscribeURL)
	}
	pairs = append(pairs, "Timestamp", m.Timestamp)
	if m.Type != snsNotification {
		pairs = append(pairs, "Token", m.Token)
	}
	pairs = append(pairs, "TopicArn", m.TopicARN, "Type", m.Type)
	return strings.Join(pairs, "\n") + "\n"
}

// shake completes a subscription by its URL, which must be Amazon's, and only
// for a topic that is believed.
func (e *eventbridge) shake(m snsMessage) (Delivery, error) {
	u, ok := snsURL(m.SubscribeURL)
	switch {
	case m.Type != snsSubscription:
		return ignored("not a notification")
	case !ok || u.Query().Get("Action") != "ConfirmSubscription":
		return Delivery{}, unusable("SubscribeURL", "is not on a host of Amazon SNS")
	case !slices.Contains(e.topics, m.TopicARN):
		return ignored("the topic is none of the source's secrets")
	}
	return Delivery{Ignored: "subscription confirmed", Visit: u.String()}, nil
}
