# The words we insist on. No other file may spell them out.
-service = Minh Bạch
-record-book = sổ ghi không sửa được
-mark = dấu chốt
-vietnam-time = giờ Việt Nam
-sensitive = nhạy cảm

# How an entry was lawful
basis-statutory = Theo luật
basis-consent = Ông/bà đã đồng ý
basis-consent-kind = Khi người dân đồng ý
basis-emergency = Khẩn cấp
basis-emergency-kind = Khi khẩn cấp
basis-contract = Theo hợp đồng

# What an entry records
event-allowed = Được phép xem
event-released = Đã xem
event-nothing = Không nhận được gì
event-refused = Bị từ chối
event-reported = Đã xem tại nơi giữ
event-revoked = Cơ quan đã trả lại quyền xem
event-looked = Người kiểm tra đã xem
event-program = Phần mềm xem thay
event-looked-again = Cán bộ xem lại việc khẩn cấp
event-own = Tự mình xem

tag-sensitive = Có thông tin { -sensitive }
tag-repeat = Gửi lại
word-sensitive = { -sensitive }
