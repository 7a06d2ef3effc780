package source_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	_ "crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/trackerbell/trackerbell/api/source"
	"github.com/trackerbell/trackerbell/config"
	"github.com/trackerbell/trackerbell/events"
)

const (
	topic   = "arn:aws:sns:eu-west-1:111122223333:recordings"
	certURL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem"
)

func eventbridgeKit() kit {
	return kit{
		secret: plainWord, other: otherToken, short: "fifteen bytes!!", bodyFree: true,
		sign: func(r *source.Request, secret string, _ time.Time) {
			r.Header.Set("Authorization", "Bearer "+secret)
		},
		tamper: tamperHeader("Authorization"),
	}
}

func TestTheAPIKeyOfAnAPIDestinationMayHaveItsOwnHeader(t *testing.T) {
	p := build(t, config.Source{Provider: "eventbridge", Secrets: []string{plainWord, topic}})
	require.NoError(t, p.Verify(jsonRequest("{}", map[string]string{"X-Api-Key": plainWord})))
	for _, key := range []string{topic, "", plainWord + "x"} {
		require.ErrorIs(t, p.Verify(jsonRequest("{}", map[string]string{"X-Api-Key": key})), source.ErrSignature)
		require.ErrorIs(t, p.Verify(jsonRequest("{}", map[string]string{"Authorization": "Bearer " + key})), source.ErrSignature, "an ARN is no secret")
	}
	_, err := source.New(config.Source{Provider: "eventbridge", Secret: "arn:aws:s3:::a-bucket"})
	require.EqualError(t, err, "secret: is no ARN of an SNS topic")
	_, err = source.New(config.Source{Provider: "eventbridge", Secret: plainWord, Credentials: config.Credentials{Token: "hush"}})
	require.ErrorContains(t, err, "credentials: ")
}

// snsSigner makes messages as Amazon SNS signs them.
type snsSigner struct {
	key         *rsa.PrivateKey
	certificate []byte
}

func newSNSSigner(tb testing.TB) snsSigner {
	tb.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(tb, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now().Add(-time.Hour), NotAfter: now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(tb, err)
	return snsSigner{key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// giantCertificate has an RSA key that takes seconds to check a signature with.
func giantCertificate(tb testing.TB) []byte {
	tb.Helper()
	_, signer, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(tb, err)
	giant := &rsa.PublicKey{N: new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 350_000), big.NewInt(1)), E: 1<<31 - 1}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now().Add(-time.Hour), NotAfter: now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, giant, signer)
	require.NoError(tb, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// request signs text, whose lines are what the documentation says is signed.
func (s snsSigner) request(tb testing.TB, m map[string]string, text string) source.Request {
	tb.Helper()
	algorithm := crypto.SHA256
	if m["SignatureVersion"] == "1" {
		algorithm = crypto.SHA1
	}
	digest := algorithm.New()
	digest.Write([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, algorithm, digest.Sum(nil))
	require.NoError(tb, err)
	m["Signature"], m["SigningCertURL"] = base64.StdEncoding.EncodeToString(signature), certURL
	raw, err := json.Marshal(m)
	require.NoError(tb, err)
	r := jsonRequest(string(raw), map[string]string{"x-amz-sns-message-type": m["Type"], "Content-Type": "text/plain; charset=UTF-8"})
	r.Certificate = s.certificate
	return r
}

const snsEvent = `{"detail":{"id":"c1","recordingUrl":"https://a.example/1"}}`

func snsNotification(version string) (map[string]string, string) {
	m := map[string]string{"Type": "Notification", "MessageId": "m1", "TopicArn": topic, "Subject": "S", "Message": snsEvent,
		"Timestamp": "2026-11-23T20:00:00.000Z", "SignatureVersion": version}
	return m, "Message\n" + snsEvent + "\nMessageId\nm1\nSubject\nS\nTimestamp\n2026-11-23T20:00:00.000Z\nTopicArn\n" + topic + "\nType\nNotification\n"
}

func TestMessagesOfSNSAreBelievedOfItsTopicsOnly(t *testing.T) {
	signer := newSNSSigner(t)
	p := build(t, config.Source{Provider: "eventbridge", Secret: topic})
	for _, version := range []string{"1", "2"} {
		m, text := snsNotification(version)
		r := signer.request(t, m, text)
		require.Equal(t, certURL, source.CertificateURL(p, r))
		require.NoError(t, p.Verify(r))
		got, err := p.Normalise(r)
		require.NoError(t, err)
		require.Equal(t, "c1", got.Recordings[0].ID)
	}
	for name, spoil := range map[string]func(map[string]string, *source.Request){
		"another message":     func(m map[string]string, _ *source.Request) { m["Message"] = "{}" },
		"another topic":       func(m map[string]string, _ *source.Request) { m["TopicArn"] = topic + "2" },
		"an unknown version":  func(m map[string]string, _ *source.Request) { m["SignatureVersion"] = "3" },
		"a damaged signature": func(m map[string]string, _ *source.Request) { m["Signature"] = "%" },
		"another certificate": func(_ map[string]string, r *source.Request) { r.Certificate = newSNSSigner(t).certificate },
		"no certificate":      func(_ map[string]string, r *source.Request) { r.Certificate = nil },
		"damaged certificate": func(_ map[string]string, r *source.Request) {
			r.Certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})
		},
		"a certificate that expired": func(_ map[string]string, r *source.Request) { r.ReceivedAt = now().Add(2 * time.Hour) },
	} {
		m, text := snsNotification("2")
		r := signer.request(t, m, text)
		spoil(m, &r)
		raw, err := json.Marshal(m)
		require.NoError(t, err)
		r.Body = raw
		require.ErrorIs(t, p.Verify(r), source.ErrSignature, name)
	}
	bearer := build(t, config.Source{Provider: "eventbridge", Secret: plainWord})
	m, text := snsNotification("2")
	r := signer.request(t, m, text)
	require.Empty(t, source.CertificateURL(bearer, r))
	require.ErrorIs(t, bearer.Verify(r), source.ErrSignature)
}

func TestAKeyBeyondAllMeasureIsNotCalculatedWith(t *testing.T) {
	p := build(t, config.Source{Provider: "eventbridge", Secret: topic})
	m, text := snsNotification("2")
	r := newSNSSigner(t).request(t, m, text)
	r.Certificate = giantCertificate(t)
	err := p.Verify(r)
	require.ErrorIs(t, err, source.ErrSignature)
	require.ErrorContains(t, err, "more than 4096 bits")
}

func TestOnlyAmazonIsAskedForCertificates(t *testing.T) {
	p := build(t, config.Source{Provider: "eventbridge", Secret: topic})
	for address, ok := range map[string]bool{
		certURL: true,
		"https://sns.cn-north-1.amazonaws.com.cn/a.pem":           true,
		"https://sns.eu-west-1.amazonaws.com:443/a.pem":           true,
		"https://sns.us-gov-west-1.amazonaws.com/a.pem":           true,
		"https://sns.s3-us-west-2.amazonaws.com/a.pem":            false, // the bucket "sns"
		"https://sns.s3-accelerate.amazonaws.com/a.pem":           false,
		"http://sns.eu-west-1.amazonaws.com/a.pem":                false,
		"https://sns.eu-west-1.amazonaws.com:8443/a.pem":          false,
		"https://sns.eu-west-1.amazonaws.com.evil.example/a.pem":  false,
		"https://evil.example/sns.eu-west-1.amazonaws.com/a.pem":  false,
		"https://sns.eu-west-1.amazonaws.com@evil.example/a.pem":  false,
		"https://user@sns.eu-west-1.amazonaws.com/a.pem":          false,
		"https://sns.evil.eu-west-1.amazonaws.com/a.pem":          false,
		"https://evil-sns.eu-west-1.amazonaws.com/a.pem":          false,
		"https://bucket.s3.amazonaws.com/a.pem":                   false,
		"https://sns.eu-west-1.amazonaws.com./a.pem":              false,
		"https://sns.eu-west-1.amazonaws.com/a.pem#x":             false,
		"https://sns.eu-west-1.amazonaws.com/a.pem?redirect=evil": false,
		"https://sns.eu-west-1.amazonaws.com/a.txt":               false,
		"https://169.254.169.254/a.pem":                           false,
		"":                                                        false,
	} {
		raw, err := json.Marshal(map[string]string{"TopicArn": topic, "SigningCertURL": address})
		require.NoError(t, err)
		r := jsonRequest(string(raw), map[string]string{"x-amz-sns-message-type": "Notification"})
		require.Equal(t, ok, source.CertificateURL(p, r) != "", address)
	}
}

func TestSubscriptionsAreConfirmedOnAmazonsHostOnly(t *testing.T) {
	signer := newSNSSigner(t)
	p := build(t, config.Source{Provider: "eventbridge", Secret: topic})
	confirm := func(address string) (source.Delivery, error) {
		m := map[string]string{"Type": "SubscriptionConfirmation", "MessageId": "m1", "TopicArn": topic, "Message": "You have chosen",
			"SubscribeURL": address, "Token": "t1", "Timestamp": "2026-11-23T20:00:00.000Z", "SignatureVersion": "2"}
		r := signer.request(t, m, "Message\nYou have chosen\nMessageId\nm1\nSubscribeURL\n"+address+
			"\nTimestamp\n2026-11-23T20:00:00.000Z\nToken\nt1\nTopicArn\n"+topic+"\nType\nSubscriptionConfirmation\n")
		require.NoError(t, p.Verify(r))
		return p.Normalise(r)
	}
	const good = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=t1"
	got, err := confirm(good)
	require.NoError(t, err)
	require.Equal(t, source.Delivery{Ignored: "subscription confirmed", Visit: good}, got)
	for _, bad := range []string{"https://evil.example/?Action=ConfirmSubscription", "http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription", "https://sns.eu-west-1.amazonaws.com/?Action=DeleteTopic"} {
		got, err = confirm(bad)
		require.ErrorContains(t, err, "SubscribeURL")
		require.Empty(t, got.Visit)
	}
	open := build(t, config.Source{Provider: "eventbridge", Insecure: true})
	raw, err := json.Marshal(map[string]string{"Type": "SubscriptionConfirmation", "TopicArn": topic, "SubscribeURL": good})
	require.NoError(t, err)
	got, err = open.Normalise(jsonRequest(string(raw), map[string]string{"x-amz-sns-message-type": "SubscriptionConfirmation"}))
	require.NoError(t, err)
	require.Empty(t, got.Visit, "nobody said that the topic is ours")
}

func TestPresignedURLsArePrivate(t *testing.T) {
	p := build(t, config.Source{Provider: "eventbridge", Secret: plainWord})
	m, err := source.Locate(t.Context(), p, events.Recording{MediaURL: "https://b.s3.amazonaws.com/1"}, false, nil)
	require.NoError(t, err)
	require.Equal(t, events.Media{URL: "https://b.s3.amazonaws.com/1", Private: true}, m)
}
