package source

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"mime"
)

// cloudEvent is the part of a CloudEvent in structured mode that matters here
// (cloudevents.io, JSON event format 1.0).
type cloudEvent struct {
	SpecVersion string          `json:"specversion"`
	ID          string          `json:"id"`
	Source      string          `json:"source"`
	Type        string          `json:"type"`
	DataType    scalar          `json:"datacontenttype"`
	Data        json.RawMessage `json:"data"`
	DataBase64  string          `json:"data_base64"`
}

// cloudEventData checks the attributes and gives the data, JSON itself, and
// whether that is plain JSON or a vCon.
func cloudEventData(body []byte) (data []byte, mediaType string, err error) {
	e, err := decodeJSON[cloudEvent](body, "")
	if err != nil {
		return nil, "", err
	}
	mediaType = contentTypeJSON
	if named, _, err := mime.ParseMediaType(string(e.DataType)); err == nil && named == contentTypeVCon {
		mediaType = named
	}
	hasData := len(e.Data) > 0 && !bytes.Equal(e.Data, []byte("null"))
	switch {
	case e.SpecVersion != "1.0":
		return nil, "", unusable("specversion", "must be 1.0")
	case e.ID == "":
		return nil, "", unusable("id", "is required of a CloudEvent")
	case e.Source == "":
		return nil, "", unusable("source", "is required of a CloudEvent")
	case e.Type == "":
		return nil, "", unusable("type", "is required of a CloudEvent")
	case hasData && e.DataBase64 != "":
		return nil, "", unusable("data_base64", "must not stand beside data")
	case hasData:
		return e.Data, mediaType, nil
	case e.DataBase64 != "":
		data, err := base64.StdEncoding.DecodeString(e.DataBase64)
		if err != nil {
			return nil, "", unusable("data_base64", "must be base64")
		}
		return data, mediaType, nil
	}
	return nil, "", unusable("data", "is required")
}
