"""Sentences that Whisper invents where nobody speaks: the last words and the credits of the subtitles it learned from.

They are also said by people, so that a text alone decides nothing: `speech.guards` asks the sound.
"""

from __future__ import annotations

import re
import unicodedata

# Nobody says the names of subtitlers: one of these anywhere in a sentence is enough. Letters, digits and spaces only.
CREDITS = re.compile(
    r"amara ?org"
    r"|(?:^| )(?:subs|subtitles|captions|captioning|transcription|transcribed|translated) by "
    r"|castingwords|otter ai|untertitel(?:ung)? (?:von|des|der|im auftrag|bei)|^swr 20\d\d"
    r"|zdf.{0,20}20\d\d|ard text im auftrag|copyright wdr"
    r"|sous ?titr\w* (?:par|réalisés|société|st|fr|éditorial)|radio canada"
    r"|subt[ií]tulos (?:por|realizados|creados)|legendas? (?:por|pela)"
    r"|sottotitoli (?:e revisione|creati|a cura|di )|qtss|ondertitel\w* (?:ingediend|door)"
    r"|tv gelderland 20|napisy (?:stworzone|wykonał)|субтитры (?:сделал|создавал|подготов|делал)"
    r"|редактор субтитров|dimatorzok|altyazı m ?k|undertekster av|textning|tekstitys"
    r"|字幕(?:by|志愿者|由|製作|提供)|李宗盛|明镜与点点|明鏡與點點|優優獨播|ترجمة نانسي|자막 ?제공|mbc 뉴스|mooji"
)
# The end of a film on a video platform, in the languages it was seen in; `…` stands for up to four words.
ENDINGS = """
thank you|thank you very much|thank you so much|thanks|thanks … for (watching|listening|viewing) …
thank you … for (watching|listening|viewing) …
see you (in the )?next (time|video|week) …|i ll see you (in the )?next (time|video) …
please subscribe …
(please )?like … subscribe …|(please |don t forget to )?subscribe …|to be continued|you
(vielen dank|danke|danke schön)( für ?s? (das )?(zuschauen|zuhören|anschauen) …)?
(vielen )?dank für ihre aufmerksamkeit|bis zum nächsten mal
merci|merci (beaucoup )?d ?avoir regardé …
merci (beaucoup )?(de|pour) votre (attention|écoute|visionnage)|abonnez vous …|à bientôt
n oubliez pas de vous abonner …
gracias|(muchas )?gracias por (ver|mirar|vernos|escuchar) …|suscríbete …|suscríbanse …
hasta la próxima|nos vemos en el próximo video
obrigad[oa]|(muito )?obrigad[oa] por (assistir|ver|assistirem) …|inscreva se …|até a próxima
até o próximo vídeo
grazie|grazie (mille )?(a tutti )?(per|di) (aver guardato|la visione|l attenzione|aver visto) …
iscriviti al canale …|iscrivetevi al canale …
bedankt (voor het|om te) (kijken|luisteren) …|tot de volgende keer|dziękuję za (oglądanie|uwagę) …
dzięki za oglądanie …
tack för att (ni|du) (tittade|tittat|har tittat) …|takk for at (du|dere) så på …
tak fordi (i|du) så med …|kiitos kun katsoit …
продолжение следует|спасибо за (просмотр|внимание) …|подписывайтесь на (мой |наш )?канал …
до новых встреч|до свидания|дякую за перегляд …
izlediğiniz için teşekkür(ler| ederim| ederiz) …|teşekkürler|abone olmayı unutmayın …
hvala što pratite …|mulțumesc (pentru|de) vizionare …
ご(視聴|清聴|覧|閲覧)(いただ(き|いて)|頂き)?(まして)?ありがとうございま(した|す)|最後まで(ご視聴|ご覧).*ありがとうございま(した|す)|(本日は)?ありがとうございました
おやすみなさい|チャンネル登録.*|次の動画でお会いしましょう|お疲れ様でした
시청해 ?주셔서 감사합니다|감사합니다|구독과 좋아요 .*|다음 (영상|시간)에 (만나요|뵙겠습니다)|영상편집 .*
(谢谢|感谢|謝謝|感謝)(大家|您|你)?(的)?(观看|收看|收听|觀看|收看|收聽)|请不吝点赞.*|請不吝點贊.*|(请|請)?(订阅|訂閱).*|下期(再见|再見)|未完待续|未完待續
شكرا (على|للمشاهدة|لمشاهدتكم) …|شكرا للمشاهدة|اشتركوا في القناة …|تابعونا|धन्यवाद|सब्सक्राइब करें …
cảm ơn (các bạn )?đã (theo dõi|xem) …|hãy subscribe cho kênh .*
terima kasih (telah|sudah) menonton …|ขอบคุณ(ที่|สำหรับการ)รับชม …
"""
ENDING = re.compile("|".join(line.replace(" …", "( \\S+){0,4}") for line in ENDINGS.split("\n") if line))
# Sentences end here; `。` and its like need no space after it, a dot does (amara.org).
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|[。！？\n]+")


def letters(text: str) -> str:
    """A text as it is compared: lower case, letters and digits in words with single spaces."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("i\u0307", "i")  # of the Turkish capital İ
    kept = (character if unicodedata.category(character)[0] in "LMN" else " " for character in text)
    return " ".join("".join(kept).split())


def is_well_known(text: str) -> bool:
    """Whether a text has nothing but sentences that Whisper is known to invent, or a credit of subtitles in it."""
    sentences = [found for part in SENTENCE_END.split(text) if (found := letters(part))]
    return any(CREDITS.search(sentence) for sentence in sentences) or (
        bool(sentences) and all(ENDING.fullmatch(sentence) for sentence in sentences)
    )
